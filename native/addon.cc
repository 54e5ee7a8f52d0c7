// Registration. The addon keeps no state of an environment, so any number of worker threads may load it.
#include "addon.h"

#include "ops.h"
#include "results.h"

namespace addon {

napi_value layout(napi_env env, napi_callback_info) {
  napi_value records = makeObject(env);
#define LAYOUT_FIELD(name, value) setInt32(env, record, #name, value);
#define LAYOUT_RECORD(name, list)                        \
  {                                                      \
    napi_value record = makeObject(env);                 \
    list(LAYOUT_FIELD);                                  \
    napi_set_named_property(env, records, #name, record); \
  }
  OPS_RECORDS(LAYOUT_RECORD)
#undef LAYOUT_RECORD
#undef LAYOUT_FIELD
  return records;
}

}  // namespace addon

NAPI_MODULE_INIT() {
#define REGISTER(name) {#name, nullptr, addon::name, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
  const napi_property_descriptor functions[] = {ADDON_FUNCTIONS(REGISTER)};
#undef REGISTER
  napi_define_properties(env, exports, sizeof functions / sizeof functions[0], functions);
  return exports;
}
