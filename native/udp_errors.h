// Whether the kernel tells a socket what is answered to its datagrams by ICMP (IP_RECVERR).
#pragma once

bool tellErrors(int fd, bool on);
bool tellsErrors(int fd);
