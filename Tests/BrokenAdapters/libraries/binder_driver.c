/* SPDX-License-Identifier: Apache-2.0
 *
 * The binder without Swift, as a worker has it, to be run under sanitizers:
 *
 *   binder_driver PROGRAM LIBRARY FRAMES
 *
 * FRAMES has frames behind u32 lengths. They go through a session in batches of several sizes, and damaged; states are
 * saved, damaged and taken up; programs are damaged and checked. Prints how many events came, and ends with 0.
 */
#include <binder.h>
#include <dlfcn.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <errno.h>

static uint64_t state = 88172645463325252u;
static uint32_t roll(uint32_t bound) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return bound == 0 ? 0 : (uint32_t)(state >> 33) % bound;
}

static void demand(int holds, const char *what) {
  if (holds) return;
  fprintf(stderr, "%s\n", what);
  exit(1);
}

static uint8_t *read_file(const char *path, size_t *size) {
  FILE *file = fopen(path, "rb");
  demand(file != NULL, path);
  fseek(file, 0, SEEK_END);
  *size = (size_t)ftell(file);
  rewind(file);
  uint8_t *bytes = malloc(*size + 1);
  demand(bytes != NULL && fread(bytes, 1, *size, file) == *size, "it cannot be read");
  fclose(file);
  return bytes;
}

static exprove_adapter table;
static exprove_event events[4096];

/* Frames of `bytes`, in memory of exactly their size, `most` in a call; the events that came. */
static uint64_t decode(exprove_session *s, const uint8_t *bytes, size_t size, uint32_t most, uint32_t damage) {
  uint64_t count = 0;
  for (size_t at = 0; at + 4 <= size;) {
    exprove_frame frames[16] = {{0}};
    uint32_t n = 0, total = 0;
    size_t next = at;
    for (; n < most && n < 16 && next + 4 <= size; n++) {
      uint32_t length;
      memcpy(&length, bytes + next, 4);
      demand(length <= size - next - 4, "a frame is cut");
      frames[n] = (exprove_frame){.receive_time = 5, .data = total, .length = length};
      total += length;
      next += 4 + length;
    }
    uint8_t *memory = malloc(total ? total : 1);
    for (uint32_t i = 0; i < n; i++) {
      /* Each frame's bytes follow on a length of four bytes. */
      size_t place = at;
      for (uint32_t k = 0; k < i; k++) place += 4 + frames[k].length;
      memcpy(memory + frames[i].data, bytes + place + 4, frames[i].length);
    }
    for (uint32_t i = 0; i < damage && total > 0; i++) memory[roll(total)] = (uint8_t)roll(256);
    if (damage && n > 0 && frames[n - 1].length > 0 && roll(4) == 0) frames[n - 1].length = roll(frames[n - 1].length);
    exprove_batch b = {.struct_size = sizeof b, .frame_count = n, .bytes = memory, .bytes_size = total, .frames = frames,
                       .events = events, .event_capacity = 4096};
    demand(table.decode(s, &b) == EXPROVE_OK && b.frames_used >= 1 && b.events_filled >= b.frames_used, "decode");
    count += b.events_filled;
    free(memory);
    for (uint32_t i = 0; i < b.frames_used; i++) at += 4 + frames[i].length;
    if (damage) at = next;
  }
  return count;
}

static exprove_session *create(void) {
  exprove_config config = {.struct_size = sizeof config, .framing = EXPROVE_FRAMING_PACKET,
                           .channel = EXPROVE_CHANNEL_MARKET_DATA, .seed = 9};
  exprove_session *s = NULL;
  demand(table.create(&config, &s, NULL) == EXPROVE_OK && s != NULL, "create");
  return s;
}

/* From here on no memory of this process becomes executable. */
static void forbid_executable_memory(void) {
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mmap, 1, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mprotect, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  struct sock_fprog filter = {sizeof code / sizeof code[0], code};
  demand(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0, "seccomp");
  demand(mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED, "it is not forbidden");
}

int main(int count, char **arguments) {
  demand(count == 4, "binder_driver PROGRAM LIBRARY FRAMES");
  size_t program_size, size;
  uint8_t *program = read_file(arguments[1], &program_size), *frames = read_file(arguments[3], &size);
  void *library = dlopen(arguments[2], RTLD_NOW | RTLD_LOCAL);
  demand(library != NULL, "dlopen");
  char words[256] = {0};
  exprove_text error = {words, sizeof words, 0};
  binder_entry entry;
  binder *bound;
  demand(binder_open(program, program_size, library, &entry, &bound, &error) == EXPROVE_OK, "binder_open");
  table.struct_size = sizeof table;
  exprove_host host = {.struct_size = sizeof host, .abi_version = EXPROVE_ABI_VERSION_1_0};
  demand(entry(EXPROVE_ABI_VERSION(9, 0), &table) == EXPROVE_NOT_IMPLEMENTED, "another version");
  demand(entry(EXPROVE_ABI_VERSION_1_0, &table) == EXPROVE_OK, "entry");
  demand(table.init(&host, &error) == EXPROVE_OK, "init");

  exprove_session *s = create();
  uint64_t told = decode(s, frames, size, 1, 0);
  for (uint32_t most = 2; most <= 16; most += 7) {
    demand(table.reset(s) == EXPROVE_OK && decode(s, frames, size, most, 0) == told, "another batch size");
  }
  uint64_t needed = 0;
  demand(table.save(s, NULL, 0, &needed) == EXPROVE_TOO_SMALL && needed > 0, "save");
  uint8_t *saved = malloc(needed);
  demand(table.save(s, saved, needed, &needed) == EXPROVE_OK, "save");
  for (int i = 0; i < 20; i++) decode(s, frames, size, 5, 1 + roll(6));
  for (int i = 0; i < 2000; i++) {
    uint64_t cut = roll(3) == 0 ? roll((uint32_t)needed) : needed;
    uint8_t *damaged = malloc(cut ? cut : 1);
    memcpy(damaged, saved, cut);
    if (cut == needed) damaged[roll((uint32_t)cut)] ^= (uint8_t)(1u << roll(8));
    demand(table.load(s, damaged, cut) == EXPROVE_BAD_DATA, "a damaged state was taken");
    free(damaged);
  }
  demand(table.load(s, saved, needed) == EXPROVE_OK, "load");
  table.destroy(s);
  free(saved);
  for (int i = 0; i < 200; i++) table.destroy(create());
  demand(binder_reserve(bound, 1u << 20, &error) == EXPROVE_INVALID_ARGUMENT, "a reserve beyond the bound");
  demand(binder_reserve(bound, 50, &error) == EXPROVE_OK, "binder_reserve");
  /* In the order of a worker: prepared, shut in, and only then attached to the library. */
  binder *second;
  demand(binder_prepare(program, program_size, &second, &error) == EXPROVE_OK, "binder_prepare");
  demand(binder_reserve(second, 5, &error) == EXPROVE_OK, "binder_reserve");
  forbid_executable_memory();
  exprove_adapter first = table;
  demand(binder_attach(second, library, &entry, &error) == EXPROVE_OK, "binder_attach");
  demand(entry(EXPROVE_ABI_VERSION_1_0, &table) == EXPROVE_OK && table.init(&host, &error) == EXPROVE_OK, "entry");
  for (int i = 0; i < 5; i++) {
    s = create();
    demand(decode(s, frames, size, 8, 0) == told, "prepared before the sandbox");
    table.destroy(s);
  }
  table = first;
  for (int i = 0; i < 50; i++) {
    s = create();
    demand(decode(s, frames, size, 8, 0) == told, "in a sandbox");
    table.destroy(s);
  }
  exprove_config config = {.struct_size = sizeof config, .framing = EXPROVE_FRAMING_PACKET,
                           .channel = EXPROVE_CHANNEL_MARKET_DATA};
  exprove_status status = EXPROVE_OK;
  for (int i = 0; i < 4096 && status == EXPROVE_OK; i++) {
    s = NULL;
    status = table.create(&config, &s, &error);
    if (status == EXPROVE_OK) table.destroy(s);
  }
  demand(status == EXPROVE_OUT_OF_MEMORY && s == NULL && strstr(words, "executable memory") != NULL, "the reserve ends");
  table.deinit();

  uint32_t taken = 0;
  for (int i = 0; i < 20000; i++) {
    size_t cut = roll(4) == 0 ? roll((uint32_t)program_size) : program_size;
    uint8_t *damaged = malloc(cut ? cut : 1);
    memcpy(damaged, program, cut);
    for (uint32_t k = 0; k <= roll(3) && cut > 0; k++) {
      damaged[roll((uint32_t)cut)] = roll(2) ? (uint8_t)roll(256) : (uint8_t[]){0, 1, 0x7F, 0xFF}[roll(4)];
    }
    taken += binder_check(damaged, cut, &error) == EXPROVE_OK;
    free(damaged);
  }
  printf("%llu events, %u of 20000 damaged programs taken, %llu strays\n", (unsigned long long)told, taken,
         (unsigned long long)binder_strays(bound));
  free(program);
  free(frames);
  return 0;
}
