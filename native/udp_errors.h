// Whether a socket is told what ICMP says of its datagrams (IP_RECVERR).
#pragma once

bool setErrors(int fd, bool on);
bool hasErrors(int fd);
