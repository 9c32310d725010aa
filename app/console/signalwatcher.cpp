// SPDX-License-Identifier: GPL-3.0-or-later
#include "signalwatcher.h"

#include <array>
#include <csignal>
#include <fcntl.h>
#include <unistd.h>

namespace gatehouse {

namespace {

constexpr std::array watched{SIGTERM, SIGINT, SIGHUP};
std::array<int, 2> pipeEnds{-1, -1}; // a signal handler reaches nothing but what is static

void handle(int signal)
{
    const auto byte = static_cast<unsigned char>(signal);
    [[maybe_unused]] const auto written = write(pipeEnds[1], &byte, 1);
}

} // namespace

SignalWatcher::SignalWatcher(QObject* parent)
    : QObject(parent)
{
    if (pipe2(pipeEnds.data(), O_NONBLOCK | O_CLOEXEC) != 0)
        qFatal("cannot make a pipe for signals");
    m_notifier = std::make_unique<QSocketNotifier>(pipeEnds[0], QSocketNotifier::Read);
    connect(m_notifier.get(), &QSocketNotifier::activated, this, &SignalWatcher::readPipe);
    struct sigaction action {};
    action.sa_handler = handle;
    action.sa_flags = SA_RESTART;
    for (const int signal : watched)
        sigaction(signal, &action, nullptr);
}

SignalWatcher::~SignalWatcher()
{
    for (const int signal : watched)
        std::signal(signal, SIG_DFL);
    m_notifier.reset();
    for (int& end : pipeEnds) {
        close(end);
        end = -1;
    }
}

void SignalWatcher::readPipe()
{
    unsigned char byte = 0;
    while (read(pipeEnds[0], &byte, 1) == 1) {
        if (byte == SIGHUP)
            Q_EMIT hungUp();
        else
            Q_EMIT terminated();
    }
}

} // namespace gatehouse
