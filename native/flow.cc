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

/// FNV-1a, 32 bits.
class Hash {
 public:
  void add(const uint8_t* bytes, int length) {
    for (int i = 0; i < length; i++) value_ = (value_ ^ bytes[i]) * 16777619u;
  }

  /// The low bits of FNV know only low bits of what came in.
  uint32_t value() const { return value_ ^ value_ >> 15; }

 private:
  uint32_t value_ = 2166136261u;
};

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

bool hasPorts(uint8_t protocol) { return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP; }

void addIpv4(const uint8_t* header, Hash* hash) {
  constexpr int kFragment = 0x3fff;  // more fragments, or an offset: only the first one has ports
  const int length = (header[0] & 15) * 4;
  hash->add(header + 9, 1);
  hash->add(header + 12, 8);
  if (hasPorts(header[9]) && (wordAt(header + 6) & kFragment) == 0) hash->add(header + length, kPorts);
}

void addIpv6(const uint8_t* header, Hash* hash) {
  hash->add(header + 8, 32);
  if (hasPorts(header[6])) hash->add(header + kIpv6Header, kPorts);
}

}  // namespace

uint32_t flowOf(const Bytes& arena, const int32_t* parts, int32_t count) {
  uint8_t head[kHead];
  copyHead(arena, parts, count, head);
  Hash hash;
  hash.add(head, kMacs);
  const uint8_t* type = head + kMacs;
  for (int tag = 0; tag < kMaxTags && (wordAt(type) == ETH_P_8021Q || wordAt(type) == ETH_P_8021AD); tag++) {
    type += kTag;
  }
  if (wordAt(type) == ETH_P_IP) addIpv4(type + 2, &hash);
  if (wordAt(type) == ETH_P_IPV6) addIpv6(type + 2, &hash);
  return hash.value();
}
