// Socket addresses from text and from PATH rows.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <cstring>
#include <string>

#include "ops.h"

/// An IPv4 or IPv6 socket address with its length.
struct Address {
  union {
    sockaddr any;
    sockaddr_in v4;
    sockaddr_in6 v6;
  };
  socklen_t length;
};

/// Makes the address of `family` (4 or 6) from text, the wildcard address from an empty text. `scope` is
/// the interface index for a link-local address. False when the text is no address of that family.
inline bool parseAddress(int family, const std::string& text, uint16_t port, uint32_t scope, Address* out) {
  *out = {};
  if (family == 4) {
    out->v4.sin_family = AF_INET;
    out->v4.sin_port = htons(port);
    out->length = sizeof out->v4;
    return text.empty() || inet_pton(AF_INET, text.c_str(), &out->v4.sin_addr) == 1;
  }
  out->v6.sin6_family = AF_INET6;
  out->v6.sin6_port = htons(port);
  out->length = sizeof out->v6;
  if (!text.empty() && inet_pton(AF_INET6, text.c_str(), &out->v6.sin6_addr) != 1) return false;
  if (IN6_IS_ADDR_LINKLOCAL(&out->v6.sin6_addr)) out->v6.sin6_scope_id = scope;
  return true;
}

/// Fills family, port and address of a PATH row from an address of the kernel's; leaves them as they are for any other family.
inline void writeEnd(const sockaddr* address, int32_t* path) {
  using namespace ops::PATH;
  if (address->sa_family == AF_INET) {
    sockaddr_in v4;
    memcpy(&v4, address, sizeof v4);
    path[FAMILY] = 4;
    path[PORT] = ntohs(v4.sin_port);
    memcpy(path + ADDR, &v4.sin_addr, sizeof v4.sin_addr);
  } else if (address->sa_family == AF_INET6) {
    sockaddr_in6 v6;
    memcpy(&v6, address, sizeof v6);
    path[FAMILY] = 6;
    path[PORT] = ntohs(v6.sin6_port);
    memcpy(path + ADDR, &v6.sin6_addr, sizeof v6.sin6_addr);
  }
}
