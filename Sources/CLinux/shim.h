/* SPDX-License-Identifier: Apache-2.0
 *
 * The few Linux calls that the Glibc module leaves out because it is compiled without _GNU_SOURCE. Declared
 * here under names of our own, after the manual pages named at each.
 */
#ifndef EXPROVE_CLINUX_SHIM_H
#define EXPROVE_CLINUX_SHIM_H

#include <stddef.h>
#include <stdint.h>

/* memfd_create(2) */
#define LINUX_MFD_CLOEXEC 0x0001u
#define LINUX_MFD_ALLOW_SEALING 0x0002u
/* fcntl(2), "File sealing" */
#define LINUX_F_ADD_SEALS 1033
#define LINUX_F_GET_SEALS 1034
#define LINUX_SEAL_SEAL 0x0001
#define LINUX_SEAL_SHRINK 0x0002
#define LINUX_SEAL_GROW 0x0004
#define LINUX_SEAL_WRITE 0x0008

extern int memfd_create(const char *name, unsigned int flags);
static inline int linux_memfd_create(const char *name, unsigned int flags) { return memfd_create(name, flags); }

/* dladdr(3) */
typedef struct linux_dl_info {
  const char *file_name;
  void *file_base;
  const char *symbol_name;
  void *symbol_address;
} linux_dl_info;
extern int dladdr(const void *address, void *info) __asm__("dladdr");
static inline int linux_dladdr(const void *address, linux_dl_info *info) { return dladdr(address, info); }

/* dl_iterate_phdr(3); `name` is the path that the loader opened. */
typedef struct linux_loaded_object {
  unsigned long base;
  const char *name;
} linux_loaded_object;
typedef int (*linux_object_visitor)(const linux_loaded_object *object, size_t size, void *context);
extern int linux_dl_iterate_phdr(linux_object_visitor visitor, void *context) __asm__("dl_iterate_phdr");

/* backtrace(3) */
extern int linux_backtrace(void **buffer, int size) __asm__("backtrace");

/* mallinfo2(3) */
typedef struct linux_heap_use {
  size_t arena, ordblks, smblks, hblks, hblkhd, usmblks, fsmblks;
  size_t in_use; /* uordblks: bytes in allocated blocks of the arenas */
  size_t fordblks, keepcost;
} linux_heap_use;
extern linux_heap_use linux_mallinfo2(void) __asm__("mallinfo2");

/* mallopt(3): M_PERTURB fills what is allocated with a pattern of one's choice. */
#define LINUX_M_PERTURB (-6)
extern int linux_mallopt(int parameter, int value) __asm__("mallopt");

/* posix_spawn_file_actions_addchdir_np(3); `actions` is a posix_spawn_file_actions_t. */
extern int linux_spawn_addchdir(void *actions, const char *path) __asm__("posix_spawn_file_actions_addchdir_np");
/* posix_spawn_file_actions_addclosefrom_np(3), glibc 2.34: all descriptors from this one on are closed. */
extern int linux_spawn_closefrom(void *actions, int from) __asm__("posix_spawn_file_actions_addclosefrom_np");

/* fork(2): Swift hides it, rightly, for programs with threads; the conformance child has one. */
extern int linux_fork(void) __asm__("fork");

/* prctl(2), PR_SET_PDEATHSIG: this process is killed when the thread that started it ends. */
extern int prctl(int option, ...);
static inline int linux_die_with_parent(void) { return prctl(1, 9ul, 0ul, 0ul, 0ul); }

/* sched_setaffinity(2), sched_getaffinity(2): leaves this thread the first of the processors that it may use. 1 when
 * there was more than one. */
extern int sched_getaffinity(int pid, size_t size, void *mask);
extern int sched_setaffinity(int pid, size_t size, const void *mask);
static inline int linux_use_one_processor(void) {
  unsigned long mask[16] = {0}, one[16] = {0};
  int count = 0;
  if (sched_getaffinity(0, sizeof mask, mask) < 0) return 0;
  for (size_t bit = 0; bit < 8 * sizeof mask; bit++) {
    unsigned long flag = 1ul << bit % (8 * sizeof mask[0]);
    if (!(mask[bit / (8 * sizeof mask[0])] & flag)) continue;
    if (count++ == 0) one[bit / (8 * sizeof mask[0])] |= flag;
  }
  return sched_setaffinity(0, sizeof one, one) == 0 && count > 1;
}

/* sched_getcpu(3): the processor that this thread runs on, or -1. */
extern int linux_current_processor(void) __asm__("sched_getcpu");

/* Keeps a process on one processor; 0 when the system did so. */
static inline int linux_keep_on_processor(int process, int processor) {
  unsigned long mask[128] = {0};
  const size_t bits = 8 * sizeof mask[0];
  if (processor < 0 || (size_t)processor >= 8 * sizeof mask) return -1;
  mask[(size_t)processor / bits] = 1ul << (size_t)processor % bits;
  return sched_setaffinity(process, sizeof mask, mask);
}

/* gettid(2) */
extern int linux_gettid(void) __asm__("gettid");

/* Copies an event's 64 bytes from memory that others may write at any time, reading each byte once, and adds `shift` to
 * the word at byte 48. An ordinary copy would not do: a compiler may read the same memory again for the checks that
 * follow it, and so check something else than it copied. */
typedef uint64_t linux_word_pair __attribute__((vector_size(16), aligned(8), may_alias));
static inline void linux_copy_event_once(void *to, const void *from, uint64_t shift) {
  const volatile linux_word_pair *source = (const volatile linux_word_pair *)from;
  linux_word_pair *target = (linux_word_pair *)to;
  linux_word_pair first = source[0], second = source[1], third = source[2], fourth = source[3];
  target[0] = first;
  target[1] = second;
  target[2] = third;
  target[3] = fourth + (linux_word_pair){shift, 0};
  /* What is judged next is read from the copy. */
  __asm__ volatile("" : : : "memory");
}

#endif
