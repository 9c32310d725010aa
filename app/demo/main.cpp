// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/configuration.h"
#include "common/exitcodes.h"
#include "demoscenario.h"

#include <QCommandLineParser>
#include <QCoreApplication>

#include <csignal>
#include <cstdio>
#include <sys/prctl.h>

using namespace gatehouse;

/// Simulated clients for a server on this machine; `gatehouse --demo` starts it and it ends with its parent.
int main(int argc, char** argv)
{
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    QCoreApplication application(argc, argv);
    QCoreApplication::setApplicationName(QStringLiteral("gatehouse-demo"));
    QCoreApplication::setApplicationVersion(QStringLiteral(GATEHOUSE_VERSION));
    QCommandLineParser parser;
    parser.setApplicationDescription(
        QStringLiteral("Simulated clients over loopback: steady users, a chatty device, a refused guest."));
    parser.addHelpOption();
    parser.addVersionOption();
    const QCommandLineOption config(QStringLiteral("config"), QStringLiteral("The server's configuration."),
                                    QStringLiteral("FILE"));
    const QCommandLineOption port(QStringLiteral("port"),
                                  QStringLiteral("The server's port, where it is not the configuration's."),
                                  QStringLiteral("PORT"));
    parser.addOptions({config, port});
    parser.process(application);
    if (!parser.isSet(config)) {
        std::fprintf(stderr, "gatehouse-demo: --config FILE is needed\n");
        return exitUsage;
    }
    const auto policy = loadConfiguration(std::filesystem::path(parser.value(config).toStdString()));
    if (!policy)
        return exitBadConfig;
    const quint16 where = parser.isSet(port) ? parser.value(port).toUShort() : policy->listeners.front().port;
    auto clients = demo::makeScenario(policy, where);
    if (!clients) {
        std::fprintf(stderr, "gatehouse-demo: %s\n", clients.error().c_str());
        return exitFailure;
    }
    for (const auto& client : *clients)
        client->start();
    return QCoreApplication::exec();
}
