// Every function of the addon; src/native/binding.ts says what each of them does.
#pragma once

#include <node_api.h>

#define ADDON_FUNCTIONS(X)                                                                       \
  /* tap.cc */ X(tapOpen) X(tapAddQueue) X(tapName) X(tapAdopt) X(tapOffloads)                   \
  /* tap.cc */ X(tapPersist) X(tapAddress)                                                       \
  /* tap_frames.cc */ X(tapRead) X(tapReadQueues) X(tapWrite) X(tapWriteQueues)                  \
  /* device.cc */ X(deviceState)                                                              \
  /* udp_open.cc */ X(udpOpen) X(udpGro) X(udpDrops) X(udpRetire) X(routeMtu)                    \
  /* route.cc */ X(routeDevice)                                                                  \
  /* noise.cc */ X(noiseMixHash) X(noiseMixKey) X(noiseMixKeyAndHash) X(noiseSplit)                \
  /* udp_receive.cc */ X(udpReceive)                                                             \
  /* udp_errors.cc */ X(udpTellErrors) X(udpErrors)                                             \
  /* udp_send.cc */ X(udpSend)                                                                   \
  /* keys.cc */ X(keyInstall) X(keyWipe)                                                         \
  /* aead.cc */ X(seal) X(open) X(hasHardwareAes) X(aeadLibrary)                                 \
  /* helpers.cc */ X(setHelpers)                                                              \
  /* wait.cc */ X(epollCreate) X(epollAdd) X(epollRemove) X(wait)                                \
  /* wait.cc */ X(eventCreate) X(eventSignal) X(eventDrain) X(close)                             \
  /* netlink.cc */ X(netlinkOpen) X(netlinkDump) X(netlinkQuestion) X(netlinkRead)               \
  /* system.cc */ X(now) X(setScheduling) X(setSlice) X(ifindex) X(peerCredentials) X(notify)    \
  /* system.cc */ X(forbidCoreDumps) X(discard) X(keepPagesSmall) X(exitNow) X(deviceMtu)        \
  /* system.cc */ X(lockFile)                                                                 \
  /* addon.cc */ X(layout)

namespace addon {

#define ADDON_DECLARE(name) napi_value name(napi_env env, napi_callback_info info);
ADDON_FUNCTIONS(ADDON_DECLARE)
#undef ADDON_DECLARE

}  // namespace addon
