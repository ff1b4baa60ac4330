// Takes TCP connections on port 5432 of every address of its own container, and hands each on to a socket. What
// the server behind the socket wants to reach, it cannot reach by this.
//
//   forward SOCKET    runs until it is ended; exit with the number of the error (errno) when it cannot begin

#include "upgrade/sandbox/bare_program.h"

#if defined(__x86_64__)
enum {
  kRead = 0, kWrite = 1, kClose = 3, kSocket = 41, kConnect = 42, kAccept = 43, kShutdown = 48, kBind = 49,
  kListen = 50, kSetOption = 54, kClone = 56, kSignal = 13, kPoll = 271
};
#else
enum {
  kRead = 63, kWrite = 64, kClose = 57, kSocket = 198, kConnect = 203, kAccept = 202, kShutdown = 210,
  kBind = 200, kListen = 201, kSetOption = 208, kClone = 220, kSignal = 134, kPoll = 73
};
#endif

enum { kUnix = 1, kInternet = 2, kStream = 1, kSolSocket = 1, kReuse = 2, kIn = 1, kChild = 17, kPipe = 13 };

struct Poll {
  int descriptor;
  short wanted;
  short found;
};

struct UnixAddress {
  unsigned short family;
  char path[108];
};

struct Action {
  unsigned long handler;  // 1: ignore
  unsigned long flags;
  unsigned long restorer;
  unsigned long mask;
};

static void ignore(int signal) {
  struct Action action = {1, 0, 0, 0};
  call(kSignal, signal, (long)&action, 0, sizeof(action.mask), 0);
}

// Whether there may be more.
static int hand_on(int from, int to) {
  static char buffer[65536];
  const long length = call(kRead, from, (long)buffer, sizeof(buffer), 0, 0);
  long done = 0;
  while (done < length) {
    const long written = call(kWrite, to, (long)(buffer + done), length - done, 0, 0);
    if (written <= 0) leave(0);
    done += written;
  }
  return length > 0;
}

__attribute__((noreturn)) static void serve(int client, const struct UnixAddress* address) {
  const int server = (int)call(kSocket, kUnix, kStream, 0, 0, 0);
  if (server < 0 || call(kConnect, server, (long)address, sizeof(*address), 0, 0) != 0) leave(0);
  struct Poll ends[2] = {{client, kIn, 0}, {server, kIn, 0}};
  while (ends[0].descriptor >= 0 || ends[1].descriptor >= 0) {
    if (call(kPoll, (long)ends, 2, 0, 0, 0) < 0) leave(0);
    for (int i = 0; i < 2; ++i) {
      if (ends[i].descriptor < 0 || ends[i].found == 0) continue;
      const int other = i == 0 ? server : client;
      if (hand_on(ends[i].descriptor, other)) continue;
      call(kShutdown, other, 1, 0, 0, 0);  // no more to write
      ends[i].descriptor = -1;
    }
  }
  leave(0);
}

void begin(long* stack) {
  static struct UnixAddress address = {kUnix, {0}};
  // Family, port 5432 in the network's order, any address.
  static const unsigned char here[16] = {kInternet, 0, 5432 >> 8, 5432 & 255};
  const int yes = 1;
  if (stack[0] != 2) leave(22);
  const char* path = (const char*)stack[2];
  for (int i = 0; path[i] != 0; ++i) {
    if (i == sizeof(address.path) - 1) leave(36);
    address.path[i] = path[i];
  }
  ignore(kChild);
  ignore(kPipe);
  const int door = (int)call(kSocket, kInternet, kStream, 0, 0, 0);
  call(kSetOption, door, kSolSocket, kReuse, (long)&yes, sizeof(yes));
  long result = call(kBind, door, (long)here, sizeof(here), 0, 0);
  if (result == 0) result = call(kListen, door, 64, 0, 0, 0);
  if (result != 0) leave(-result);
  for (;;) {
    const int client = (int)call(kAccept, door, 0, 0, 0, 0);
    if (client < 0) continue;
    if (call(kClone, kChild, 0, 0, 0, 0) == 0) serve(client, &address);
    call(kClose, client, 0, 0, 0, 0);
  }
}
