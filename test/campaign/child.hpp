// A pgupgrade whose signals and streams the campaign holds in its hands.
#pragma once

#include <sys/types.h>

#include <string>

#include "support/project.hpp"

namespace pgupgrade::test::campaign {

enum class Streams {
  pipes,
  terminal,  // one for all three streams, and the process leads its session
  none       // closed before the program begins
};

struct ChildOptions {
  Words arguments;
  Variables variables;
  std::string directory;  // within the project's, where it is started
  Streams streams = Streams::pipes;
};

// Started by the constructor. Whatever happens, it has ended when this is gone.
class Child {
 public:
  Child(const Project& project, const ChildOptions& options);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  enum class State { runs, stands, ended };
  // What it does now; takes what it has said meanwhile.
  State look();
  // Until it stands still, which it must not have ended before.
  void wait_for_stop();
  // Until it stands still or has ended.
  State settle();
  void wait_for_words(const std::string& words);
  ProcessResult wait();  // until it has ended

  pid_t process() const { return process_; }
  void signal(int number) const;  // one that comes while it stands still waits for go_on
  void go_on();
  void kill();                               // even while it stands still; wait() takes its end
  void type(const std::string& keys) const;  // on its terminal
  // Nobody reads any more; a terminal hangs up, which lets a process that stands still go on.
  void close_streams();

 private:
  void read(int& stream, std::string& text);

  pid_t process_ = 0;
  int out_ = -1;  // our ends; -1 is closed
  int err_ = -1;
  State state_ = State::runs;
  ProcessResult result_;
};

}  // namespace pgupgrade::test::campaign
