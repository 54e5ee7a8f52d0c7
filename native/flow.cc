#include "flow.h"

#include <endian.h>
#include <linux/if_ether.h>
#include <netinet/in.h>

#include <cstring>

#include "ops.h"

namespace {

constexpr int kMacs = 12;
constexpr int kTag = 4;
constexpr int kMaxTags = 2;
constexpr int kIpv6Header = 40;
constexpr int kPorts = 4;
/// The longest way to the end of the ports: an IPv4 header with options.
constexpr int kHead = kMacs + kMaxTags * kTag + 2 + 60 + kPorts;

/// The first bytes of a frame, and zeros after its end.
void copyHead(const Bytes& arena, const int32_t* parts, int32_t count, uint8_t* head) {
  int32_t skip = ops::VNET::HEADER;
  int filled = 0;
  for (int32_t i = 0; i < count && filled < kHead; i++) {
    const int32_t length = parts[2 * i + 1];
    const int32_t skipped = length < skip ? length : skip;
    const int32_t left = length - skipped < kHead - filled ? length - skipped : kHead - filled;
    memcpy(head + filled, arena.data + parts[2 * i] + skipped, static_cast<size_t>(left));
    skip -= skipped;
    filled += left;
  }
  memset(head + filled, 0, static_cast<size_t>(kHead - filled));
}

uint16_t wordAt(const uint8_t* at) {
  uint16_t value;
  memcpy(&value, at, sizeof value);
  return be16toh(value);
}

/// FNV-1a, 32 bits.
uint32_t hashOf(const uint8_t* bytes, int length) {
  uint32_t value = 2166136261u;
  for (int i = 0; i < length; i++) value = (value ^ bytes[i]) * 16777619u;
  // The low bits of FNV know only low bits of what came in.
  return value ^ value >> 15;
}

/// The same for both orders of two addresses or ports of `length` bytes each.
uint32_t hashOfPair(const uint8_t* pair, int length) {
  return hashOf(pair, length) + hashOf(pair + length, length);
}

Flow between(uint32_t hosts, uint8_t protocol, const uint8_t* ports) {
  const bool hasPorts = ports != nullptr && (protocol == IPPROTO_TCP || protocol == IPPROTO_UDP);
  return {hosts + protocol + (hasPorts ? 31 * hashOfPair(ports, kPorts / 2) : 0), hasPorts};
}

Flow flowOfIpv4(const uint8_t* header) {
  constexpr int kFragment = 0x3fff;  // more fragments, or an offset: only the first one has ports
  const int length = (header[0] & 15) * 4;
  const bool isWhole = (wordAt(header + 6) & kFragment) == 0;
  return between(hashOfPair(header + 12, 4), header[9], isWhole ? header + length : nullptr);
}

Flow flowOfIpv6(const uint8_t* header) {
  return between(hashOfPair(header + 8, 16), header[6], header + kIpv6Header);
}

}  // namespace

Flow flowOf(const Bytes& arena, const int32_t* parts, int32_t count) {
  uint8_t head[kHead];
  copyHead(arena, parts, count, head);
  const uint8_t* type = head + kMacs;
  for (int tag = 0; tag < kMaxTags && (wordAt(type) == ETH_P_8021Q || wordAt(type) == ETH_P_8021AD); tag++) {
    type += kTag;
  }
  if (wordAt(type) == ETH_P_IP) return flowOfIpv4(type + 2);
  if (wordAt(type) == ETH_P_IPV6) return flowOfIpv6(type + 2);
  return {hashOfPair(head, kMacs / 2), false};
}
