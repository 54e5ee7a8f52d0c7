// Layouts of the integer records that cross the border: the same numbers as src/native/ops.ts, which
// explains every field. Each list is written once and used twice, as constants and by layout().
#pragma once

#include <cstdint>

#define OPS_PATH(X)                                                                  \
  X(FAMILY, 0) X(PORT, 1) X(ADDR, 2) X(LOCAL, 6) X(IFINDEX, 10) X(SCOPE, 11) \
  X(DSCP, 12) X(MARK, 13) X(HOPS, 14) X(WORDS, 15)

#define OPS_RECV(X) X(OFFSET, 0) X(LENGTH, 1) X(SEGMENT, 2) X(PATH, 4) X(WORDS, 19)

#define OPS_SEAL(X)                                                                              \
  X(KEY, 0) X(TYPE, 1) X(STREAM, 2) X(RECEIVER, 3) X(COUNTER_LOW, 4) X(COUNTER_HIGH, 5)          \
  X(OUT, 6) X(PREFIX_OFFSET, 7) X(PREFIX_LENGTH, 8) X(PREFIX_INDEX, 9) X(HEAD_OFFSET, 10)        \
  X(HEAD_LENGTH, 11) X(PAYLOAD_OFFSET, 12) X(PAYLOAD_LENGTH, 13) X(SEGMENT, 14) X(RESULT, 15)    \
  X(WORDS, 16)

#define OPS_OPEN(X) X(KEY, 0) X(OFFSET, 1) X(LENGTH, 2) X(RESULT, 3) X(WORDS, 4)

#define OPS_SEND(X) \
  X(FD, 0) X(OFFSET, 1) X(LENGTH, 2) X(SEGMENT, 3) X(PATH, 4) X(RESULT, 5) X(SENT, 6) X(GSO, 7) \
  X(FRAGMENTS, 8) X(WORDS, 9)

#define OPS_SOCKET_ERROR(X) \
  X(ORIGIN, 0) X(TYPE, 1) X(CODE, 2) X(INFO, 3) X(FROM, 4) X(TO, 10) X(WORDS, 25)

#define OPS_WRITE(X) X(COUNT, 0) X(RESULT, 1) X(PARTS, 2)

#define OPS_READ(X) X(OFFSET, 0) X(LENGTH, 1) X(WORDS, 2)

#define OPS_QUEUES(X) \
  X(COUNT, 0) X(READY, 1) X(SPARE, 2) X(TURN, 3) X(ALONE, 4) X(TOGETHER, 5) X(FD, 6) X(FLOW, 14) X(WORDS, 4110)

#define OPS_NETLINK(X)                                                                 \
  X(KIND, 0) X(IFINDEX, 1) X(FLAGS, 2) X(MTU, 3) X(FAMILY, 4) X(ADDR, 5) X(MASTER, 9) \
  X(LOWER, 10) X(NAMES, 11) X(NAME_WORDS, 4) X(WORDS, 31)

#define OPS_NETLINK_KIND(X) \
  X(LINK, 1) X(LINK_GONE, 2) X(ADDRESS, 3) X(ADDRESS_GONE, 4) X(ROUTE, 5) X(DUMP_END, 6) X(LINK_ANSWER, 7)

#define OPS_AEAD(X) X(AES_256_GCM, 1) X(CHACHA20_POLY1305, 2)

#define OPS_VNET(X) X(HEADER, 24)

#define OPS_BATCH(X) X(BYTES, 524288)

/// Every list with its name, in the order of ops.ts.
#define OPS_RECORDS(RECORD)                                                                      \
  RECORD(PATH, OPS_PATH) RECORD(RECV, OPS_RECV) RECORD(SEAL, OPS_SEAL) RECORD(OPEN, OPS_OPEN)    \
  RECORD(SEND, OPS_SEND) RECORD(SOCKET_ERROR, OPS_SOCKET_ERROR) RECORD(WRITE, OPS_WRITE)         \
  RECORD(READ, OPS_READ) RECORD(QUEUES, OPS_QUEUES) RECORD(NETLINK, OPS_NETLINK)                 \
  RECORD(NETLINK_KIND, OPS_NETLINK_KIND) RECORD(AEAD, OPS_AEAD)                                  \
  RECORD(VNET, OPS_VNET) RECORD(BATCH, OPS_BATCH)

#define OPS_CONSTANT(name, value) name = value,
#define OPS_NAMESPACE(name, list) \
  namespace name {                \
  enum : int32_t { list(OPS_CONSTANT) }; \
  }

namespace ops {
OPS_RECORDS(OPS_NAMESPACE)
}  // namespace ops

#undef OPS_NAMESPACE
#undef OPS_CONSTANT
