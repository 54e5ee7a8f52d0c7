// Receiving: recvmmsg with what the kernel joined (UDP GRO) and the path of each message (pktinfo).
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include <cstring>

#include "addon.h"
#include "address.h"
#include "args.h"
#include "error.h"
#include "ops.h"
#include "results.h"

namespace {

constexpr int kBatch = 64;
/// Messages taken before it is known how large they are.
constexpr int kFirst = 16;
/// Room for the larger of the two pktinfo forms and the segment size.
constexpr size_t kControl = CMSG_SPACE(sizeof(in6_pktinfo)) + CMSG_SPACE(sizeof(int));
/// Socket errors in a row that one call swallows: each is consumed by being reported, so a handful suffices.
constexpr int kSwallowed = 8;

/// The kernel's view of a batch, kept by thread because only lengths and pointers change between calls.
struct Batch {
  mmsghdr messages[kBatch];
  iovec vectors[kBatch];
  sockaddr_in6 names[kBatch];
  alignas(cmsghdr) uint8_t controls[kBatch][kControl];
};

thread_local Batch batch;

void prepare(int index, uint8_t* buffer, size_t size) {
  batch.vectors[index] = {buffer, size};
  msghdr& header = batch.messages[index].msg_hdr;
  header.msg_name = &batch.names[index];
  header.msg_namelen = sizeof batch.names[index];
  header.msg_iov = &batch.vectors[index];
  header.msg_iovlen = 1;
  header.msg_control = batch.controls[index];
  header.msg_controllen = kControl;
  header.msg_flags = 0;
}

void describeRemote(const sockaddr_in6& name, int32_t* path) {
  writeEnd(reinterpret_cast<const sockaddr*>(&name), path);
  if (name.sin6_family == AF_INET6) path[ops::PATH::SCOPE] = static_cast<int32_t>(name.sin6_scope_id);
}

void describeControl(msghdr* header, int32_t* row) {
  using namespace ops::PATH;
  int32_t* path = row + ops::RECV::PATH;
  for (cmsghdr* control = CMSG_FIRSTHDR(header); control != nullptr; control = CMSG_NXTHDR(header, control)) {
    const uint8_t* data = CMSG_DATA(control);
    if (control->cmsg_level == SOL_UDP && control->cmsg_type == UDP_GRO) {
      memcpy(row + ops::RECV::SEGMENT, data, sizeof(int));
    } else if (control->cmsg_level == IPPROTO_IP && control->cmsg_type == IP_PKTINFO) {
      in_pktinfo local;
      memcpy(&local, data, sizeof local);
      memcpy(path + LOCAL, &local.ipi_spec_dst, sizeof local.ipi_spec_dst);
      path[IFINDEX] = local.ipi_ifindex;
    } else if (control->cmsg_level == IPPROTO_IPV6 && control->cmsg_type == IPV6_PKTINFO) {
      in6_pktinfo local;
      memcpy(&local, data, sizeof local);
      memcpy(path + LOCAL, &local.ipi6_addr, sizeof local.ipi6_addr);
      path[IFINDEX] = static_cast<int32_t>(local.ipi6_ifindex);
    }
  }
}

void describe(int index, int32_t offset, int32_t* row) {
  using namespace ops::RECV;
  memset(row, 0, WORDS * sizeof *row);
  row[OFFSET] = offset;
  row[LENGTH] = static_cast<int32_t>(batch.messages[index].msg_len);
  row[SEGMENT] = row[LENGTH];
  describeRemote(batch.names[index], row + PATH);
  describeControl(&batch.messages[index].msg_hdr, row);
}

/// Whether an error tells of the call itself, not of an earlier datagram.
bool isCallError(int error) {
  return error == EBADF || error == ENOTSOCK || error == EFAULT || error == EINVAL || error == ENOMEM;
}

}  // namespace

namespace addon {

napi_value udpReceive(napi_env env, napi_callback_info info) {
  Args args(env, info);
  const Bytes arena = args.bytes(0);
  const int fd = args.int32(1);
  const int64_t base = args.int32(2);
  const int64_t slot = args.int32(3);
  const int32_t max = args.int32(4);
  const Words rows = args.words(5);
  if (!args.ok()) return nullptr;
  if (slot <= 0 || !rows.holdsRows(max, ops::RECV::WORDS) || !arena.holds(base, max * slot)) {
    return throwRange(env, "slots or rows outside their arrays");
  }

  int32_t count = 0;
  int64_t bytes = 0;
  int swallowed = 0;
  while (count < max && bytes < ops::BATCH::BYTES) {
    const int most = count == 0 ? kFirst : kBatch;
    const int size = max - count < most ? max - count : most;
    for (int i = 0; i < size; i++) {
      prepare(i, arena.data + base + (count + i) * slot, static_cast<size_t>(slot));
    }
    const int received = recvmmsg(fd, batch.messages, static_cast<unsigned>(size), MSG_DONTWAIT, nullptr);
    if (received < 0) {
      if (errno == EAGAIN) break;
      if (isCallError(errno) && count == 0) return throwErrno(env, errno, "recvmmsg");
      if (++swallowed > kSwallowed) break;
      continue;
    }
    for (int i = 0; i < received; i++) {
      const int64_t offset = base + (count + i) * slot;
      bytes += batch.messages[i].msg_len;
      describe(i, static_cast<int32_t>(offset), rows.data + (count + i) * ops::RECV::WORDS);
    }
    count += received;
    if (received < size) break;
  }
  return makeInt32(env, count);
}

}  // namespace addon
