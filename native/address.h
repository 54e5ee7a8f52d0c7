// Socket addresses from text and from PATH rows.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <string>

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
