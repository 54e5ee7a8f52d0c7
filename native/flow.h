// Which flow a frame belongs to, as far as frames of one flow must stay in order.
#pragma once

#include "args.h"

struct Flow {
  /// A number that all frames of a transport connection have in common, in both directions; with no ports, those
  /// between two hosts.
  uint32_t number;
  /// Whether the number is that of one connection, by its ports.
  bool hasPorts;
};

/// `parts` are the `count` checked pairs (byte offset, length) of a frame with its virtio-net header.
Flow flowOf(const Bytes& arena, const int32_t* parts, int32_t count);
