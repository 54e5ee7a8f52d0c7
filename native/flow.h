// Which flow a frame belongs to, as far as frames of one flow must stay in order.
#pragma once

#include "args.h"

/// A number that all frames of a transport connection have in common; with no ports, those between two hosts.
/// `parts` are the `count` checked pairs (byte offset, length) of a frame with its virtio-net header.
uint32_t flowOf(const Bytes& arena, const int32_t* parts, int32_t count);
