// SPDX-License-Identifier: GPL-3.0-or-later
#include "ctl/run.h"

#include <QCoreApplication>

#include <iostream>
#include <unistd.h>

int main(int argc, char** argv)
{
    QCoreApplication application(argc, argv); // finds the SQLite driver
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    const bool errorIsTerminal = ::isatty(STDERR_FILENO) == 1;
    return gatehouse::ctl::run(arguments,
                               {std::cin, std::cout, std::cerr, ::isatty(STDIN_FILENO) == 1 && errorIsTerminal,
                                ::isatty(STDOUT_FILENO) == 1, errorIsTerminal});
}
