/* SPDX-License-Identifier: Apache-2.0
 *
 * The entry of a bound adapter, and the closures that reach into sessions.
 */
#include "session.h"

#include <dlfcn.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { PAGE = 64 << 10 };

/* A thread's own address identifies it while it lives. */
const void *this_thread(void) {
  static _Thread_local char here;
  return &here;
}

/* --- Callbacks -------------------------------------------------------------------------------------------------*/

static void count_stray(gate *g) {
  atomic_fetch_add_explicit(&g->owner->strays, 1, memory_order_relaxed);
  if (atomic_load_explicit(&g->has_ended, memory_order_relaxed))
    atomic_fetch_add_explicit(&g->owner->kept, 1, memory_order_relaxed);
}

void tell_strays(binder *b) {
  uint64_t strays = atomic_load_explicit(&b->strays, memory_order_relaxed);
  uint64_t told = atomic_load_explicit(&b->told, memory_order_relaxed);
  /* Of several threads one tells. */
  if (strays == told || !atomic_compare_exchange_strong(&b->told, &told, strays)) return;
  const exprove_host *host = b->host;
  if (host == NULL || !EXPROVE_COVERS(exprove_host, log, host->struct_size) || host->log == NULL) return;
  char line[256];
  int size = snprintf(line, sizeof line,
                      "%" PRIu64 " calls through callbacks came when none was due, and were refused; %" PRIu64
                      " of all that were came after their session's end",
                      strays - told, atomic_load_explicit(&b->kept, memory_order_relaxed));
  if (size > 0) host->log(host->cookie, 1, line, (uint32_t)size);
}

/* Every callback of every session, living or ended. */
static void called(ffi_cif *cif, void *result, void **arguments, void *user) {
  const line *l = user;
  gate *g = l->gate;
  int is_due = atomic_load_explicit(&g->thread, memory_order_relaxed) == this_thread();
  if (is_due) handler_run(g->session, l->handler, arguments);
  else count_stray(g);
  int64_t answer = is_due ? l->handler->returned : l->handler->refused;
  /* libffi wants small integers widened. */
  if (cif->rtype->type == FFI_TYPE_VOID) return;
  if (cif->rtype->size < sizeof(ffi_arg)) {
    ffi_sarg widened = (ffi_sarg)answer;
    memcpy(result, &widened, sizeof widened);
  } else {
    memcpy(result, &answer, sizeof answer);
  }
}

/* Memory that is never given back. */
static uint8_t *keep(binder *b, size_t size) {
  size = (size + 15) & ~(size_t)15;
  if (size > b->left) {
    size_t wanted = size > PAGE ? (size + PAGE - 1) / PAGE * PAGE : PAGE;
    if (b->taken + wanted > BINDER_PARKED_BYTES) return NULL;
    void *page = mmap(NULL, wanted, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) return NULL;
    b->page = page;
    b->left = wanted;
    b->taken += wanted;
  }
  uint8_t *memory = b->page;
  b->page += size;
  b->left -= size;
  return memory;
}

static void fill(const program *p, uint8_t *objects, gate *g, void **closures) {
  for (uint32_t i = 0; i < p->object_count; i++) {
    const object *o = &p->objects[i];
    for (uint32_t k = 0; k < o->count; k++) {
      const initialiser *f = &o->fields[k];
      uint64_t value = f->kind == FROM_HANDLER ? (uint64_t)(uintptr_t)closures[f->value]
                       : f->kind == FROM_USER  ? (uint64_t)(uintptr_t)g
                                               : (uint64_t)f->value;
      memcpy(objects + o->place + f->offset, &value, f->bytes);
    }
  }
}

/* A closure of the reserve, or a new one. */
static ffi_closure *take_closure(binder *b, void **code) {
  spare *first = b->spares;
  if (first == NULL) return ffi_closure_alloc(sizeof(ffi_closure), code);
  ffi_closure *closure = first->closure;
  *code = first->code;
  b->spares = first->next;
  free(first);
  return closure;
}

exprove_status binder_reserve(binder *b, uint32_t sessions, exprove_text *error) {
  uint64_t count = (uint64_t)sessions * b->program->handler_count;
  /* More than may ever be parked is never needed. */
  if (count > BINDER_PARKED_BYTES / sizeof(ffi_closure)) {
    say(error, "%u sessions are more than a process may open", sessions);
    return EXPROVE_INVALID_ARGUMENT;
  }
  for (; count > 0; count--) {
    spare *made = calloc(1, sizeof *made);
    if (made != NULL) made->closure = ffi_closure_alloc(sizeof(ffi_closure), &made->code);
    if (made == NULL || made->closure == NULL) {
      free(made);
      say(error, "libffi makes no callback; does this system forbid executable memory?");
      return EXPROVE_OUT_OF_MEMORY;
    }
    made->next = b->spares;
    b->spares = made;
  }
  return EXPROVE_OK;
}

gate *park(binder *b, struct exprove_session *s, void **closures, exprove_text *error) {
  const program *p = b->program;
  /* A closure has to be counted too: libffi never gets it back. */
  size_t size = sizeof(gate) + p->handler_count * (sizeof(line) + sizeof(ffi_closure)) + p->block + 64;
  uint8_t *block = keep(b, size);
  if (block == NULL) {
    say(error, "the %u bytes for ended sessions' callbacks are used up; go on in a new process", BINDER_PARKED_BYTES);
    return NULL;
  }
  gate *g = (gate *)(void *)block;
  line *lines = (line *)(void *)(block + sizeof(gate));
  size_t objects = (sizeof(gate) + p->handler_count * sizeof(line) + 15) & ~(size_t)15;
  atomic_init(&g->thread, NULL);
  atomic_init(&g->has_ended, 0);
  g->session = s;
  g->owner = b;
  for (uint32_t i = 0; i < p->handler_count; i++) {
    void *code = NULL;
    ffi_closure *closure = take_closure(b, &code);
    lines[i] = (line){g, &p->handlers[i]};
    if (closure == NULL || ffi_prep_closure_loc(closure, (ffi_cif *)(uintptr_t)&p->handlers[i].signature->cif, called,
                                                &lines[i], code) != FFI_OK) {
      say(error, "libffi makes no callback; does this system forbid executable memory?");
      return NULL;
    }
    closures[i] = code;
  }
  s->objects = block + objects;
  fill(p, s->objects, g, closures);
  return g;
}

/* --- The table -------------------------------------------------------------------------------------------------*/

/* The functions of the table that have no session to find their binder by. */
struct bound_functions {
  ffi_cif entry_cif, init_cif, deinit_cif, create_cif;
  exprove_adapter table;
  binder binder;
  void *entry;
};

static exprove_status initialise(binder *b, const exprove_host *host, exprove_text *error) {
  if (host == NULL || host->struct_size < 8 || host->abi_version != EXPROVE_ABI_VERSION_1_0) {
    say(error, "a bound adapter speaks ABI 1.0");
    return EXPROVE_NOT_IMPLEMENTED;
  }
  b->host = host;
  b->is_loaded = 1;
  return EXPROVE_OK;
}

static exprove_status enter(const bound_functions *f, uint32_t version, exprove_adapter *adapter) {
  if (version != EXPROVE_ABI_VERSION_1_0) return EXPROVE_NOT_IMPLEMENTED;
  if (adapter == NULL) return EXPROVE_INVALID_ARGUMENT;
  exprove_adapter table = f->table;
  /* An older host knows fewer slots, and gets those. */
  uint32_t size = adapter->struct_size < sizeof table ? adapter->struct_size : (uint32_t)sizeof table;
  table.struct_size = size -= size % (uint32_t)sizeof(void *);
  if (size < offsetof(exprove_adapter, extension)) return EXPROVE_INVALID_ARGUMENT;
  memcpy(adapter, &table, size);
  return EXPROVE_OK;
}

static void answer(void *result, exprove_status status) {
  ffi_sarg widened = status;
  memcpy(result, &widened, sizeof widened);
}

static void on_entry(ffi_cif *cif, void *result, void **a, void *user) {
  (void)cif;
  answer(result, enter(user, *(uint32_t *)a[0], *(exprove_adapter **)a[1]));
}
static void on_init(ffi_cif *cif, void *result, void **a, void *user) {
  (void)cif;
  answer(result, initialise(user, *(const exprove_host **)a[0], *(exprove_text **)a[1]));
}
static void on_deinit(ffi_cif *cif, void *result, void **a, void *user) {
  (void)cif, (void)result, (void)a;
  binder *b = user;
  tell_strays(b);
  b->host = NULL;
  b->is_loaded = 0;
}
static void on_create(ffi_cif *cif, void *result, void **a, void *user) {
  (void)cif;
  answer(result, session_create(user, *(const exprove_config **)a[0], *(exprove_session ***)a[1], *(exprove_text **)a[2]));
}

/* A function pointer that calls `body` with `user`. */
static void *function_of(ffi_cif *cif, unsigned count, ffi_type *result, ffi_type **types,
                         void (*body)(ffi_cif *, void *, void **, void *), void *user) {
  void *code = NULL;
  if (ffi_prep_cif(cif, FFI_DEFAULT_ABI, count, result, types) != FFI_OK) return NULL;
  ffi_closure *closure = ffi_closure_alloc(sizeof(ffi_closure), &code);
  if (closure == NULL || ffi_prep_closure_loc(closure, cif, body, user, code) != FFI_OK) return NULL;
  return code;
}

static int make_table(bound_functions *f) {
  static ffi_type *entry_types[] = {&ffi_type_uint32, &ffi_type_pointer};
  static ffi_type *pointers[] = {&ffi_type_pointer, &ffi_type_pointer, &ffi_type_pointer};
  const program *p = f->binder.program;
  f->entry = function_of(&f->entry_cif, 2, &ffi_type_sint32, entry_types, on_entry, f);
  void *init = function_of(&f->init_cif, 2, &ffi_type_sint32, pointers, on_init, &f->binder);
  void *deinit = function_of(&f->deinit_cif, 0, &ffi_type_void, pointers, on_deinit, &f->binder);
  void *create = function_of(&f->create_cif, 3, &ffi_type_sint32, pointers, on_create, &f->binder);
  if (f->entry == NULL || init == NULL || deinit == NULL || create == NULL) return 0;
  f->table = (exprove_adapter){
      .struct_size = sizeof f->table, .abi_version = EXPROVE_ABI_VERSION_1_0, .manifest = p->manifest.bytes,
      .manifest_size = p->manifest.size, .destroy = session_destroy, .reset = session_reset, .decode = session_decode,
      .counters = session_counters, .save = session_save, .load = session_load,
      .frame_time = p->calls[CALL_TIME].is_present ? session_frame_time : NULL};
  memcpy(&f->table.init, &init, sizeof init);
  memcpy(&f->table.deinit, &deinit, sizeof deinit);
  memcpy(&f->table.create, &create, sizeof create);
  return 1;
}

/* --- Opening ---------------------------------------------------------------------------------------------------*/

exprove_status binder_check(const uint8_t *bytes, size_t size, exprove_text *error) {
  program *p = program_read(bytes, size, error);
  program_free(p);
  return p != NULL ? EXPROVE_OK : EXPROVE_BAD_DATA;
}

exprove_status binder_prepare(const uint8_t *bytes, size_t size, binder **bound, exprove_text *error) {
  program *p = program_read(bytes, size, error);
  if (p == NULL) return EXPROVE_BAD_DATA;
  bound_functions *f = calloc(1, sizeof *f);
  if (f != NULL) f->binder.program = p;
  if (f == NULL || !make_table(f)) {
    /* Closures of a table that was half made stay behind with what they are bound to. */
    say(error, "libffi makes no callback; does this system forbid executable memory?");
    return EXPROVE_OUT_OF_MEMORY;
  }
  f->binder.functions = f;
  *bound = &f->binder;
  return EXPROVE_OK;
}

exprove_status binder_attach(binder *bound, void *library, binder_entry *entry, exprove_text *error) {
  const program *p = bound->program;
  for (uint32_t i = 0; i < p->function_count; i++) {
    char symbol[256];
    memcpy(symbol, p->functions[i].symbol.bytes, p->functions[i].symbol.size);
    symbol[p->functions[i].symbol.size] = 0;
    void *code = dlsym(library, symbol);
    if (code == NULL) {
      say(error, "the library has no function “%s”", symbol);
      return EXPROVE_NOT_FOUND;
    }
    memcpy(&p->functions[i].code, &code, sizeof code);
  }
  memcpy(entry, &bound->functions->entry, sizeof *entry);
  return EXPROVE_OK;
}

exprove_status binder_open(const uint8_t *bytes, size_t size, void *library, binder_entry *entry, binder **bound,
                           exprove_text *error) {
  binder *made;
  exprove_status status = binder_prepare(bytes, size, &made, error);
  if (status == EXPROVE_OK) status = binder_attach(made, library, entry, error);
  if (status == EXPROVE_OK && bound != NULL) *bound = made;
  return status;
}

void binder_watch(binder *bound, uint32_t *function) { bound->calling = function; }

uint64_t binder_kept(const binder *bound) {
  return atomic_load_explicit(&((binder *)(uintptr_t)bound)->kept, memory_order_relaxed);
}

uint64_t binder_strays(const binder *bound) {
  return atomic_load_explicit(&((binder *)(uintptr_t)bound)->strays, memory_order_relaxed);
}
