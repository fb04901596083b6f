/* SPDX-License-Identifier: Apache-2.0
 *
 * What the C tests share: an adapter loaded as a host loads it.
 */
#ifndef BINANCE_TEST_HOST_H
#define BINANCE_TEST_HOST_H

#include <dlfcn.h>
#include <exprove/adapter.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CAPACITY 20480u

static exprove_host host = {sizeof host, EXPROVE_ABI_VERSION_1_0, NULL, NULL};

#define CHECK(condition)                                                                                               \
  do {                                                                                                                 \
    if (!(condition)) {                                                                                                \
      fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                                          \
      abort();                                                                                                         \
    }                                                                                                                  \
  } while (0)

static inline exprove_adapter load_adapter(const char *path) {
  exprove_adapter adapter;
  exprove_status (*entry)(uint32_t, exprove_adapter *) = NULL;
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library) fprintf(stderr, "%s\n", dlerror());
  CHECK(library);
  *(void **)&entry = dlsym(library, "exprove_adapter_entry");
  CHECK(entry);
  adapter.struct_size = sizeof adapter;
  CHECK(entry(EXPROVE_ABI_VERSION_1_0, &adapter) == EXPROVE_OK);
  CHECK(adapter.init(&host, NULL) == EXPROVE_OK);
  return adapter;
}

static inline exprove_session *open_session(const exprove_adapter *adapter, uint32_t channel, const char *market,
                                             uint64_t seed) {
  const exprove_setting setting = {"market", market};
  exprove_config config = {sizeof config, EXPROVE_FRAMING_LINE, channel, 1, &setting, 0, seed};
  exprove_session *session = NULL;
  CHECK(adapter->create(&config, &session, NULL) == EXPROVE_OK);
  return session;
}

#endif /* BINANCE_TEST_HOST_H */
