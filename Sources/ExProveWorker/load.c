// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "adapter.h"
#include "crash.h"

#define NAME_OF(text) #text
#define DESCRIPTOR_PATH(number) "/proc/self/fd/" NAME_OF(number)
#define EXPANDED(number) DESCRIPTOR_PATH(number)

static exprove_status say(worker *worker, exprove_status status, const char *text) {
  size_t size = strlen(text);
  if (size > WORKER_TEXT_SIZE) size = WORKER_TEXT_SIZE;
  memcpy(worker->answers->text, text, size);
  worker->answers->text_size = (uint32_t)size;
  return status;
}

static exprove_text error_text(worker *worker) {
  worker->answers->text_size = 0;
  exprove_text text = {worker->answers->text, WORKER_TEXT_SIZE, 0};
  return text;
}

static void take_text(worker *worker, const exprove_text *text) {
  worker->answers->text_size = text->size > WORKER_TEXT_SIZE ? WORKER_TEXT_SIZE : text->size;
}

/* The host's log callback. What does not fit is counted and dropped. */
static void log_line(void *cookie, uint32_t level, const char *text, uint32_t size) {
  worker *worker = cookie;
  uint32_t count = worker->answers->log_count;
  if (text && count < WORKER_LOG_LINES) {
    worker_log_line *line = &worker->log[count];
    line->level = level;
    line->size = size > WORKER_LOG_TEXT ? WORKER_LOG_TEXT : size;
    memcpy(line->text, text, line->size);
  }
  worker_write(&worker->answers->log_count, count + 1);
}

/* Where the library that lies at an address ends. */
static int find_end(struct dl_phdr_info *info, size_t size, void *context) {
  uint64_t *found = context;
  (void)size;
  if (info->dlpi_addr != found[0]) return 0;
  for (int index = 0; index < info->dlpi_phnum; index++) {
    const ElfW(Phdr) *segment = &info->dlpi_phdr[index];
    uint64_t end = info->dlpi_addr + segment->p_vaddr + segment->p_memsz;
    if (segment->p_type == PT_LOAD && end > found[1]) found[1] = end;
  }
  return 1;
}

static void note_code(void *library) {
  struct link_map *map = NULL;
  if (dlinfo(library, RTLD_DI_LINKMAP, &map) != 0 || !map) return;
  uint64_t code[2] = {map->l_addr, 0};
  if (dl_iterate_phdr(find_end, code)) crash_adapter(code[0], code[1]);
}

static const char *check_table(worker *worker, uint32_t version) {
  const exprove_adapter *table = &worker->table;
  if (table->struct_size < offsetof(exprove_adapter, extension)) return "its entry filled too little of the table";
  if (table->struct_size > sizeof *table) return "its entry says that it filled more than the table";
  if (table->abi_version != version) return "its entry agreed to one version and filled another";
  if (!table->init || !table->deinit || !table->create || !table->destroy || !table->reset || !table->decode ||
      !table->counters || !table->save || !table->load)
    return "a required slot of its table is NULL";
  if (!table->frame_time != !worker->setup->has_frame_time)
    return "its manifest says one thing of frame-time, its table another";
  const uint8_t *manifest = worker->host_note + worker->setup->text_size;
  if (!table->manifest || table->manifest_size != worker->setup->manifest_size ||
      memcmp(table->manifest, manifest, worker->setup->manifest_size) != 0)
    return "the manifest in its table is not the one in its section .exprove.manifest";
  return NULL;
}

/* Libraries that the manifest names by digest: the loader then takes them for those that the adapter needs, by the names
 * that they give themselves. */
static int open_sealed(uint32_t count) {
  for (uint32_t index = 0; index < count; index++) {
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", WORKER_ADAPTER_FD + 1 + (int)index);
    if (!dlopen(path, RTLD_NOW | RTLD_LOCAL)) return 0;
  }
  return 1;
}

int adapter_prepare(worker *worker) {
  uint32_t size = worker->setup->program_size;
  if (size == 0) return 1;
  int descriptor = WORKER_ADAPTER_FD + 1 + (int)worker->setup->sealed_count;
  const uint8_t *program = mmap(NULL, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
  if (program == MAP_FAILED) return 0;
  /* A worker has one session at a time; a second one when it is opened anew. */
  int is_made = binder_prepare(program, size, &worker->bound, NULL) == EXPROVE_OK &&
                binder_reserve(worker->bound, 2, NULL) == EXPROVE_OK;
  if (is_made) binder_watch(worker->bound, &worker->answers->bound_function);
  munmap((void *)(uintptr_t)program, size);
  close(descriptor);
  return is_made;
}

/* The entry that the library exports, or that the binder makes for it. */
static binder_entry entry_of(worker *worker, void *library) {
  if (worker->setup->program_size == 0) return (binder_entry)(uintptr_t)dlsym(library, "exprove_adapter_entry");
  binder_entry entry = NULL;
  if (worker->bound == NULL || binder_attach(worker->bound, library, &entry, NULL) != EXPROVE_OK) return NULL;
  return entry;
}

/* The sealed copy, with its code made known for the case that it crashes; NULL, with the loader's words. */
static void *load_library(worker *worker) {
  adapter_step(worker, WORKER_STEP_DLOPEN);
  void *library = open_sealed(worker->setup->sealed_count)
                      ? dlopen(EXPANDED(WORKER_ADAPTER_FD), RTLD_NOW | RTLD_LOCAL)
                      : NULL;
  adapter_step(worker, WORKER_STEP_OUTSIDE);
  if (library) {
    note_code(library);
  } else {
    say(worker, EXPROVE_IO, dlerror());
  }
  return library;
}

exprove_status hooks_load(worker *worker) {
  worker->library = load_library(worker);
  return worker->library ? EXPROVE_OK : EXPROVE_IO;
}

exprove_status adapter_load(worker *worker) {
  void *library = load_library(worker);
  if (!library) return EXPROVE_IO;
  binder_entry entry = entry_of(worker, library);
  if (!entry)
    return say(worker, EXPROVE_NOT_FOUND, "the loader finds no exprove_adapter_entry, or not what the binding calls");
  for (uint32_t index = 0; index < worker->setup->version_count; index++) {
    uint32_t version = worker->setup->versions[index];
    memset(&worker->table, 0, sizeof worker->table);
    worker->table.struct_size = sizeof worker->table;
    adapter_step(worker, WORKER_STEP_ENTRY);
    exprove_status status = entry(version, &worker->table);
    adapter_step(worker, WORKER_STEP_OUTSIDE);
    if (status == EXPROVE_NOT_IMPLEMENTED) continue;
    if (status != EXPROVE_OK) return say(worker, status, "its entry fails");
    const char *problem = check_table(worker, version);
    if (problem) return say(worker, EXPROVE_INVALID_ARGUMENT, problem);
    worker->answers->abi_version = version;
    worker->host = (exprove_host){sizeof worker->host, version, worker, log_line};
    adapter_step(worker, WORKER_STEP_INIT);
    exprove_text text = error_text(worker);
    status = worker->table.init(&worker->host, &text);
    adapter_step(worker, WORKER_STEP_OUTSIDE);
    take_text(worker, &text);
    return status;
  }
  return say(worker, EXPROVE_NOT_IMPLEMENTED, "it implements no version of the ABI that this exprove knows");
}

static void find_order_entry(worker *worker) {
  const uint32_t least = offsetof(exprove_order_entry_v1, capabilities);
  const exprove_order_entry_v1 *found = adapter_extension(worker, EXPROVE_EXTENSION_ORDER_ENTRY_1, least);
  if (found) memcpy(&worker->orders_out, found, found->struct_size < sizeof *found ? least : sizeof *found);
}

/* What `exprove.config/1` says of the configuration; OK where there is none. */
static exprove_status check_config(worker *worker, const exprove_config *config) {
  const exprove_config_v1 *schema = adapter_extension(worker, EXPROVE_EXTENSION_CONFIG_1, sizeof *schema);
  if (!schema || !schema->check) return EXPROVE_OK;
  adapter_step(worker, WORKER_STEP_EXTENSION);
  exprove_text error = error_text(worker);
  exprove_status status = schema->check(config, &error);
  adapter_step(worker, WORKER_STEP_OUTSIDE);
  take_text(worker, &error);
  return status;
}

exprove_status adapter_open(worker *worker) {
  const worker_setup *setup = worker->setup;
  exprove_setting settings[256];
  const char *text = (const char *)worker->host_note;
  for (uint32_t index = 0; index < setup->library_count; index++) text += strlen(text) + 1;
  for (uint32_t index = 0; index < setup->setting_count; index++) {
    settings[index].key = text;
    text += strlen(text) + 1;
    settings[index].value = text;
    text += strlen(text) + 1;
  }
  exprove_config config = {sizeof config,        setup->framing, setup->channel, setup->setting_count,
                           setup->setting_count ? settings : NULL, setup->day_start, setup->seed};
  exprove_status checked = check_config(worker, &config);
  if (checked != EXPROVE_OK) return checked;
  adapter_step(worker, WORKER_STEP_CREATE);
  exprove_text error = error_text(worker);
  exprove_status status = worker->table.create(&config, &worker->session, &error);
  adapter_step(worker, WORKER_STEP_OUTSIDE);
  take_text(worker, &error);
  if (status == EXPROVE_OK && !worker->session)
    return say(worker, EXPROVE_INVALID_ARGUMENT, "create answered EXPROVE_OK and gave no session");
  if (status == EXPROVE_OK) find_order_entry(worker);
  return status;
}
