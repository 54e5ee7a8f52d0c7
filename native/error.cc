#include "error.h"

#include <cstring>
#include <string>

napi_value throwErrno(napi_env env, int error, const char* syscall, const char* detail) {
  const char* name = strerrorname_np(error);
  const std::string code = name != nullptr ? name : "E" + std::to_string(error);
  const char* description = detail != nullptr ? detail : strerrordesc_np(error);
  const std::string text =
      code + ": " + (description != nullptr ? description : "unknown error") + ", " + syscall;

  napi_value codeValue, textValue, errnoValue, syscallValue, result;
  napi_create_string_utf8(env, code.c_str(), code.size(), &codeValue);
  napi_create_string_utf8(env, text.c_str(), text.size(), &textValue);
  napi_create_int32(env, error, &errnoValue);
  napi_create_string_utf8(env, syscall, NAPI_AUTO_LENGTH, &syscallValue);
  if (napi_create_error(env, codeValue, textValue, &result) == napi_ok) {
    napi_set_named_property(env, result, "errno", errnoValue);
    napi_set_named_property(env, result, "syscall", syscallValue);
    napi_throw(env, result);
  }
  return nullptr;
}

napi_value throwRange(napi_env env, const char* message) {
  napi_throw_range_error(env, "ERR_OUT_OF_RANGE", message);
  return nullptr;
}
