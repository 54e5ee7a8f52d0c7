// Typed access to the arguments of one call. A wrong type throws a TypeError and clears ok(); values read
// afterwards are empty, so a function checks ok() once, after reading all of them.
#pragma once

#include <node_api.h>

#include <cstddef>
#include <cstdint>
#include <string>

/// The bytes of a Uint8Array.
struct Bytes {
  uint8_t* data = nullptr;
  size_t size = 0;

  /// Whether `length` bytes from `offset` lie inside.
  bool holds(int64_t offset, int64_t length) const {
    return offset >= 0 && length >= 0 &&
           static_cast<uint64_t>(offset) + static_cast<uint64_t>(length) <= size;
  }
};

/// The elements of an Int32Array.
struct Words {
  int32_t* data = nullptr;
  size_t size = 0;

  /// Whether `count` rows of `words` elements lie inside.
  bool holdsRows(int32_t count, int32_t words) const {
    return count >= 0 && static_cast<uint64_t>(count) * static_cast<uint64_t>(words) <= size;
  }
};

class Args {
 public:
  static constexpr size_t kMax = 6;

  Args(napi_env env, napi_callback_info info) : env_(env) {
    size_t count = kMax;
    // Missing arguments are filled with undefined, which no getter accepts.
    ok_ = napi_get_cb_info(env, info, &count, values_, nullptr, nullptr) == napi_ok;
  }

  bool ok() const { return ok_; }

  int32_t int32(size_t index) {
    int32_t value = 0;
    if (napi_get_value_int32(env_, values_[index], &value) != napi_ok) reject("a number");
    return value;
  }

  /// The same, or 0 when the argument is left out.
  int32_t int32OrNone(size_t index) { return isUndefined(index) ? 0 : int32(index); }

  int64_t int64(size_t index) {
    int64_t value = 0;
    if (napi_get_value_int64(env_, values_[index], &value) != napi_ok) reject("a number");
    return value;
  }

  bool boolean(size_t index) {
    bool value = false;
    if (napi_get_value_bool(env_, values_[index], &value) != napi_ok) reject("a boolean");
    return value;
  }

  Bytes bytes(size_t index) {
    void* data = nullptr;
    size_t size = 0;
    if (!typedArray(index, napi_uint8_array, &data, &size)) reject("a Uint8Array");
    return Bytes{static_cast<uint8_t*>(data), size};
  }

  Words words(size_t index) {
    void* data = nullptr;
    size_t size = 0;
    if (!typedArray(index, napi_int32_array, &data, &size)) reject("an Int32Array");
    return Words{static_cast<int32_t*>(data), size};
  }

  /// The same, or none when the argument is left out.
  Words wordsOrNone(size_t index) { return isUndefined(index) ? Words{} : words(index); }

  std::string text(size_t index) { return textOf(values_[index]); }

  /// A string, or an empty one for null.
  std::string textOrNull(size_t index) { return textOrNullOf(values_[index]); }

  /// The value of `name` in the options object at `index`, in the forms above.
  int32_t int32(size_t index, const char* name) {
    int32_t value = 0;
    if (napi_get_value_int32(env_, property(index, name), &value) != napi_ok) reject("a number");
    return value;
  }

  bool boolean(size_t index, const char* name) {
    bool value = false;
    if (napi_get_value_bool(env_, property(index, name), &value) != napi_ok) reject("a boolean");
    return value;
  }

  std::string text(size_t index, const char* name) { return textOf(property(index, name)); }

  std::string textOrNull(size_t index, const char* name) { return textOrNullOf(property(index, name)); }

 private:
  bool isUndefined(size_t index) {
    napi_valuetype type = napi_undefined;
    napi_typeof(env_, values_[index], &type);
    return type == napi_undefined;
  }

  bool typedArray(size_t index, napi_typedarray_type wanted, void** data, size_t* size) {
    napi_typedarray_type type;
    bool isTypedArray = false;
    return napi_is_typedarray(env_, values_[index], &isTypedArray) == napi_ok && isTypedArray &&
           napi_get_typedarray_info(env_, values_[index], &type, size, data, nullptr, nullptr) == napi_ok &&
           type == wanted;
  }

  napi_value property(size_t index, const char* name) {
    napi_value value = nullptr;
    napi_get_named_property(env_, values_[index], name, &value);
    return value;
  }

  bool isNull(napi_value value) {
    napi_valuetype type = napi_undefined;
    return value != nullptr && napi_typeof(env_, value, &type) == napi_ok && type == napi_null;
  }

  std::string textOrNullOf(napi_value value) { return isNull(value) ? std::string() : textOf(value); }

  std::string textOf(napi_value value) {
    size_t length = 0;
    if (value == nullptr || napi_get_value_string_utf8(env_, value, nullptr, 0, &length) != napi_ok) {
      reject("a string");
      return std::string();
    }
    std::string text(length, '\0');
    napi_get_value_string_utf8(env_, value, text.data(), length + 1, &length);
    return text;
  }

  void reject(const char* expected) {
    if (!ok_) return;
    ok_ = false;
    napi_throw_type_error(env_, "ERR_INVALID_ARG_TYPE", (std::string("expected ") + expected).c_str());
  }

  napi_env env_;
  napi_value values_[kMax];
  bool ok_;
};
