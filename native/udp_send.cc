// Sending: rows of one socket gathered into sendmmsg calls, runs of datagrams as UDP_SEGMENT messages.
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include <cstring>

#include "addon.h"
#include "address.h"
#include "args.h"
#include "error.h"
#include "helpers.h"
#include "ops.h"
#include "results.h"
#include "udp_errors.h"

namespace {

constexpr int kBatch = 128;
constexpr int32_t kMaxSegments = 64;          // UDP_MAX_SEGMENTS of every kernel that has UDP_SEGMENT
constexpr int32_t kMaxPayload4 = 65'507;      // 65,535 less the IPv4 and UDP headers
constexpr int32_t kMaxPayload6 = 65'487;      // 65,535 less the IPv6 and UDP headers
constexpr size_t kControl = CMSG_SPACE(sizeof(in6_pktinfo)) + CMSG_SPACE(sizeof(uint16_t)) +
                           2 * CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(uint32_t));
constexpr int kDscpMask = 63;
constexpr int kDscpShift = 2;  // the two low bits of the field belong to ECN

/// Where the messages of one row go: name and control data, shared by all of them.
struct Target {
  Address remote;
  size_t controlLength;
  alignas(cmsghdr) uint8_t control[kControl];
};

/// Messages gathered for one socket, with the row that each belongs to.
struct Batch {
  int fd;
  int messages;
  int targets;
  mmsghdr headers[kBatch];
  iovec vectors[kBatch];
  int32_t* rows[kBatch];
  Target target[kBatch];
};

thread_local Batch batch;

void addControl(Target* target, int level, int type, const void* data, size_t length) {
  cmsghdr* control = reinterpret_cast<cmsghdr*>(target->control + target->controlLength);
  control->cmsg_level = level;
  control->cmsg_type = type;
  control->cmsg_len = CMSG_LEN(length);
  memcpy(CMSG_DATA(control), data, length);
  target->controlLength += CMSG_SPACE(length);
}

/// Fills a target from a PATH row; `segment` 0 sends plain datagrams. False when the family is unknown.
bool aim(Target* target, const int32_t* path, uint16_t segment) {
  using namespace ops::PATH;
  static const int32_t none[4] = {};
  target->controlLength = 0;
  target->remote = {};
  if (path[FAMILY] == 4) {
    sockaddr_in& remote = target->remote.v4;
    remote.sin_family = AF_INET;
    remote.sin_port = htons(static_cast<uint16_t>(path[PORT]));
    memcpy(&remote.sin_addr, path + ADDR, sizeof remote.sin_addr);
    target->remote.length = sizeof remote;
    if (path[LOCAL] != 0 || path[IFINDEX] != 0) {
      in_pktinfo local = {};
      local.ipi_ifindex = path[IFINDEX];
      memcpy(&local.ipi_spec_dst, path + LOCAL, sizeof local.ipi_spec_dst);
      addControl(target, IPPROTO_IP, IP_PKTINFO, &local, sizeof local);
    }
  } else if (path[FAMILY] == 6) {
    sockaddr_in6& remote = target->remote.v6;
    remote.sin6_family = AF_INET6;
    remote.sin6_port = htons(static_cast<uint16_t>(path[PORT]));
    remote.sin6_scope_id = static_cast<uint32_t>(path[SCOPE]);
    memcpy(&remote.sin6_addr, path + ADDR, sizeof remote.sin6_addr);
    target->remote.length = sizeof remote;
    if (path[IFINDEX] != 0 || memcmp(path + LOCAL, none, sizeof none) != 0) {
      in6_pktinfo local = {};
      local.ipi6_ifindex = static_cast<unsigned>(path[IFINDEX]);
      memcpy(&local.ipi6_addr, path + LOCAL, sizeof local.ipi6_addr);
      addControl(target, IPPROTO_IPV6, IPV6_PKTINFO, &local, sizeof local);
    }
  } else {
    return false;
  }
  if (path[DSCP] != 0) {
    const int trafficClass = (path[DSCP] & kDscpMask) << kDscpShift;
    if (path[FAMILY] == 4) addControl(target, IPPROTO_IP, IP_TOS, &trafficClass, sizeof trafficClass);
    else addControl(target, IPPROTO_IPV6, IPV6_TCLASS, &trafficClass, sizeof trafficClass);
  }
  if (path[MARK] != 0) addControl(target, SOL_SOCKET, SO_MARK, path + MARK, sizeof path[MARK]);
  if (path[HOPS] != 0) {
    const bool v4 = path[FAMILY] == 4;
    addControl(target, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_TTL : IPV6_HOPLIMIT, path + HOPS, sizeof path[HOPS]);
  }
  if (segment != 0) addControl(target, SOL_UDP, UDP_SEGMENT, &segment, sizeof segment);
  return true;
}

void addMessage(int32_t* row, Target* target, uint8_t* data, size_t length) {
  const int index = batch.messages++;
  batch.rows[index] = row;
  batch.vectors[index] = {data, length};
  msghdr& header = batch.headers[index].msg_hdr;
  header.msg_name = &target->remote.any;
  header.msg_namelen = target->remote.length;
  header.msg_iov = &batch.vectors[index];
  header.msg_iovlen = 1;
  header.msg_control = target->control;
  header.msg_controllen = target->controlLength;
  header.msg_flags = 0;
}

int sendFrom(int first) {
  return sendmmsg(batch.fd, batch.headers + first, static_cast<unsigned>(batch.messages - first),
                  MSG_DONTWAIT | MSG_NOSIGNAL);
}

/// Whether a send has failed for what ICMP said of an earlier datagram, as far as the socket (errno is kept) and the error tell.
bool mayBeOfEarlier(int fd) {
  const int error = errno;
  const bool mayBe = error != EAGAIN && error != EINTR && error != ENOBUFS && error != ENOMEM && tellsErrors(fd);
  errno = error;
  return mayBe;
}

/// Sends again where a send may have failed for an earlier datagram: the kernel tells such an error once. Whoever forges ICMP
/// messages must not make sends fail by telling it again and again, so the last attempts are deaf to it.
int sendAgainFrom(int first) {
  constexpr int kAttempts = 2;
  int sent = -1;
  for (int attempt = 0; attempt < kAttempts && sent < 0; attempt++) sent = sendFrom(first);
  if (sent >= 0 || !mayBeOfEarlier(batch.fd)) return sent;
  tellErrors(batch.fd, false);
  for (int attempt = 0; attempt < kAttempts && sent < 0; attempt++) sent = sendFrom(first);
  const int error = errno;
  tellErrors(batch.fd, true);
  errno = error;
  return sent;
}

/// Sends what was gathered. The first error of a row ends that row, not those after it.
void flush() {
  int next = 0;
  while (next < batch.messages) {
    int sent = sendFrom(next);
    if (sent < 0 && mayBeOfEarlier(batch.fd)) sent = sendAgainFrom(next);
    if (sent > 0) {
      for (int end = next + sent; next < end; next++) {
        batch.rows[next][ops::SEND::SENT] += static_cast<int32_t>(batch.headers[next].msg_len);
      }
    } else if (errno != EINTR) {
      int32_t* failed = batch.rows[next];
      failed[ops::SEND::RESULT] = -errno;
      while (next < batch.messages && batch.rows[next] == failed) next++;
    }
  }
  batch.messages = 0;
  batch.targets = 0;
}

/// Bytes of one message of a row: one datagram, or as many as one UDP_SEGMENT message may hold.
int32_t messageSize(const int32_t* row, int32_t family) {
  using namespace ops::SEND;
  const int32_t maxPayload = family == 4 ? kMaxPayload4 : kMaxPayload6;
  if (row[GSO] == 0 || row[LENGTH] <= row[SEGMENT] || row[SEGMENT] > maxPayload) return row[SEGMENT];
  const int32_t fitting = maxPayload / row[SEGMENT];
  return row[SEGMENT] * (fitting < kMaxSegments ? fitting : kMaxSegments);
}

/// Gathers the messages of one row, flushing whenever the batch is full.
void sendRow(const Bytes& arena, const Words& paths, int32_t* row) {
  using namespace ops::SEND;
  row[RESULT] = -EINVAL;
  row[SENT] = 0;
  const int64_t pathWord = static_cast<int64_t>(row[PATH]) * ops::PATH::WORDS;
  if (row[LENGTH] <= 0 || row[SEGMENT] <= 0 || !arena.holds(row[OFFSET], row[LENGTH]) || pathWord < 0 ||
      static_cast<uint64_t>(pathWord) + ops::PATH::WORDS > paths.size) {
    return;
  }
  const int32_t* path = paths.data + pathWord;
  const int32_t step = messageSize(row, path[ops::PATH::FAMILY]);
  const uint16_t segment = step > row[SEGMENT] ? static_cast<uint16_t>(row[SEGMENT]) : 0;

  Target* target = nullptr;
  row[RESULT] = 0;
  for (int32_t position = 0; position < row[LENGTH] && row[RESULT] == 0;) {
    if (target == nullptr) {
      target = &batch.target[batch.targets++];
      if (!aim(target, path, segment)) {
        row[RESULT] = -EINVAL;
        batch.targets--;
        return;
      }
    }
    const int32_t left = row[LENGTH] - position;
    const int32_t length = left < step ? left : step;
    addMessage(row, target, arena.data + row[OFFSET] + position, static_cast<size_t>(length));
    position += length;
    if (batch.messages == kBatch) {
      flush();
      target = nullptr;
    }
  }
}

/// Whether the IP layer cuts what is larger than the device takes; what ICMP says of the path counts in neither case.
void allowFragments(int fd, bool on) {
  const int v4 = on ? IP_PMTUDISC_OMIT : IP_PMTUDISC_PROBE;
  const int v6 = on ? IPV6_PMTUDISC_OMIT : IPV6_PMTUDISC_PROBE;
  if (setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &v4, sizeof v4) != 0) return;
  // An IPv4 socket has no such option.
  setsockopt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &v6, sizeof v6);
}

/// Sends a row by itself, cut by the IP layer where it must be.
void sendInFragments(const Bytes& arena, const Words& paths, int32_t* row) {
  flush();
  batch.fd = row[ops::SEND::FD];
  allowFragments(batch.fd, true);
  sendRow(arena, paths, row);
  flush();
  allowFragments(batch.fd, false);
}

/// Sends the rows of which `wants(i)` is true, in order.
template <typename Wants>
void sendRows(const Bytes& arena, const Words& paths, int32_t* rows, int32_t count, const Wants& wants) {
  for (int32_t i = 0; i < count; i++) {
    if (!wants(i)) continue;
    int32_t* row = rows + i * ops::SEND::WORDS;
    if (row[ops::SEND::FRAGMENTS] != 0) {
      sendInFragments(arena, paths, row);
      continue;
    }
    if (row[ops::SEND::FD] != batch.fd) flush();
    batch.fd = row[ops::SEND::FD];
    sendRow(arena, paths, row);
  }
  flush();
}

/// A batch of which each helper takes whole sockets: what leaves by one of them stays in order, since the peer judges
/// losses by the gaps that it sees.
class SharedSends final : public Shared {
 public:
  SharedSends(const Bytes& arena, const Words& paths, int32_t* rows, int32_t count)
      : arena_(arena), paths_(paths), rows_(rows), count_(count) {}

  /// Groups the rows by socket; false when they are not worth sharing.
  bool group() {
    if (!Groups::canHold(count_)) return false;
    int fds[Groups::kMax];
    for (int32_t i = 0; i < count_; i++) {
      const int32_t* row = rows_ + i * ops::SEND::WORDS;
      int group = 0;
      while (group < sockets_ && fds[group] != row[ops::SEND::FD]) group++;
      if (group == Groups::kMax) return false;
      if (group == sockets_) fds[sockets_++] = row[ops::SEND::FD];
      groups_.add(group, row[ops::SEND::LENGTH] > 0 ? row[ops::SEND::LENGTH] : 0);
    }
    return groups_.isWorthSharing();
  }

  void run() { helpers::share(this, sockets_); }

  void doPart(int part, int) override {
    sendRows(arena_, paths_, rows_, count_, [&](int32_t i) { return groups_.has(part, i); });
  }

 private:
  const Bytes& arena_;
  const Words& paths_;
  int32_t* const rows_;
  const int32_t count_;
  int sockets_ = 0;
  Groups groups_;
};

/// Sends all rows with the helpers, if there are any and it is worth it; false leaves all to the caller.
bool shareSends(const Bytes& arena, const Words& paths, int32_t* rows, int32_t count) {
  if (helpers::count() == 0 || count < 2) return false;
  SharedSends sends(arena, paths, rows, count);
  if (!sends.group()) return false;
  sends.run();
  return true;
}

}  // namespace

namespace addon {

napi_value udpSend(napi_env env, napi_callback_info info) {
  Args args(env, info);
  const Bytes arena = args.bytes(0);
  const Words rows = args.words(1);
  const int32_t count = args.int32(2);
  const Words paths = args.words(3);
  if (!args.ok()) return nullptr;
  if (!rows.holdsRows(count, ops::SEND::WORDS)) return throwRange(env, "more rows than the array holds");

  if (!shareSends(arena, paths, rows.data, count)) {
    sendRows(arena, paths, rows.data, count, [](int32_t) { return true; });
  }

  int32_t whole = 0;
  for (int32_t i = 0; i < count; i++) whole += rows.data[i * ops::SEND::WORDS + ops::SEND::RESULT] == 0;
  return makeInt32(env, whole);
}

}  // namespace addon
