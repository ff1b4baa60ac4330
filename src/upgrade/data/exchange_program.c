// Two directories change places by one system call. Runs in a work container, whatever its image: it needs no
// library, no loader and no shell.
//
//   exchange FIRST SECOND    exit 0: done, and durable; else the number of the error (errno)

enum { kSync, kRenameAt2 };

#if defined(__x86_64__)
static const long kNumbers[] = {162, 316};
static long call(long number, long a, long b, long c, long d, long e) {
  long result;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
                   : "rcx", "r11", "memory");
  return result;
}
__asm__(".globl _start\n_start:\n  mov %rsp, %rdi\n  and $-16, %rsp\n  call begin\n");
enum { kExit = 231 };
#elif defined(__aarch64__)
static const long kNumbers[] = {81, 276};
static long call(long number, long a, long b, long c, long d, long e) {
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  register long x4 __asm__("x4") = e;
  __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
  return x0;
}
__asm__(".globl _start\n_start:\n  mov x0, sp\n  bl begin\n");
enum { kExit = 94 };
#else
#error "exchange: no system calls for this processor"
#endif

// The stack as the kernel hands it over: argc, argv[0], …
__attribute__((used, noreturn)) void begin(long* stack) {
  const long here = -100;    // AT_FDCWD
  const long exchange = 2;   // RENAME_EXCHANGE
  long result = 22;          // EINVAL
  if (stack[0] == 3) result = -call(kNumbers[kRenameAt2], here, stack[2], here, stack[3], exchange);
  if (result == 0) call(kNumbers[kSync], 0, 0, 0, 0, 0);
  for (;;) call(kExit, result, 0, 0, 0, 0);
}
