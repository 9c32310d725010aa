// SPDX-License-Identifier: GPL-3.0-or-later
#include "ctl/run.h"

#include <QCoreApplication>

#include <iostream>

int main(int argc, char** argv)
{
    QCoreApplication application(argc, argv); // finds the SQLite driver
    std::vector<std::string> arguments(argv + 1, argv + argc);
    return gatehouse::ctl::run(arguments, std::cout, std::cerr);
}
