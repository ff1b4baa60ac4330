# Has the program print its manual pages and completions into a directory:
#   cmake -DPROGRAM=… -DINTO=… -P MakePages.cmake
file(MAKE_DIRECTORY "${INTO}")
foreach(shell bash zsh fish)
  execute_process(COMMAND "${PROGRAM}" completion ${shell} OUTPUT_FILE "${INTO}/pgupgrade.${shell}" COMMAND_ERROR_IS_FATAL ANY)
endforeach()
foreach(page pgupgrade.1 pgupgrade-codes.7)
  string(REGEX REPLACE "\\.[0-9]$" "" name ${page})
  execute_process(COMMAND "${PROGRAM}" man ${name} COMMAND gzip -9n OUTPUT_FILE "${INTO}/${page}.gz" COMMAND_ERROR_IS_FATAL ANY)
endforeach()
