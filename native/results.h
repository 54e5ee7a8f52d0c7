// Return values.
#pragma once

#include <node_api.h>

#include <cstdint>
#include <string>

inline napi_value makeInt32(napi_env env, int32_t value) {
  napi_value result = nullptr;
  napi_create_int32(env, value, &result);
  return result;
}

inline napi_value makeDouble(napi_env env, double value) {
  napi_value result = nullptr;
  napi_create_double(env, value, &result);
  return result;
}

inline napi_value makeBoolean(napi_env env, bool value) {
  napi_value result = nullptr;
  napi_get_boolean(env, value, &result);
  return result;
}

inline napi_value makeText(napi_env env, const std::string& text) {
  napi_value result = nullptr;
  napi_create_string_utf8(env, text.data(), text.size(), &result);
  return result;
}

/// A Uint8Array with a copy of `size` bytes.
inline napi_value makeBytes(napi_env env, const void* bytes, size_t size) {
  napi_value result = nullptr;
  napi_create_buffer_copy(env, size, bytes, nullptr, &result);
  return result;
}

inline napi_value makeUndefined(napi_env env) {
  napi_value result = nullptr;
  napi_get_undefined(env, &result);
  return result;
}

inline napi_value makeObject(napi_env env) {
  napi_value result = nullptr;
  napi_create_object(env, &result);
  return result;
}

inline void setInt32(napi_env env, napi_value object, const char* name, int32_t value) {
  napi_set_named_property(env, object, name, makeInt32(env, value));
}

inline void setBoolean(napi_env env, napi_value object, const char* name, bool value) {
  napi_set_named_property(env, object, name, makeBoolean(env, value));
}
