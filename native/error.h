// Failing system calls become NativeError: an Error with `code`, `errno` and `syscall`.
#pragma once

#include <node_api.h>

/// Throws a NativeError for `error` (an errno value). `detail` replaces the system's text when given.
/// Returns nullptr, so that a function can `return throwErrno(...)`.
napi_value throwErrno(napi_env env, int error, const char* syscall, const char* detail = nullptr);

/// Throws a RangeError for an argument that would lead outside its buffer or table. Returns nullptr.
napi_value throwRange(napi_env env, const char* message);
