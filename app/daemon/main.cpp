// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/configuration.h"
#include "common/exitcodes.h"
#include "runtime/gate.h"
#include "runtime/serverruntime.h"
#include "setup/initialise.h"

#include <QCommandLineParser>
#include <QCoreApplication>

#include <csignal>
#include <cstdio>
#include <pthread.h>
#include <pwd.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

using namespace gatehouse;

namespace {

sigset_t blockedSignals()
{
    sigset_t signals;
    sigemptyset(&signals);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP})
        sigaddset(&signals, signal);
    return signals;
}

std::string userName()
{
    const passwd* entry = getpwuid(geteuid());
    return entry ? entry->pw_name : std::to_string(geteuid());
}

int initialiseFolder(const QString& folder, const QString& port, const QStringList& names)
{
    InitOptions options;
    if (!port.isEmpty()) {
        bool valid = false;
        options.policy.port = port.toUShort(&valid);
        if (!valid || options.policy.port == 0) {
            std::fprintf(stderr, "gatehoused: --port: '%s' is not a port of 1 to 65535\n", qPrintable(port));
            return exitUsage;
        }
    }
    for (const QString& name : names)
        options.names.push_back(name.toStdString());
    const auto made = initialise(std::filesystem::path(folder.toStdString()), options);
    if (!made) {
        std::fprintf(stderr, "gatehoused: %s\n", made.error().c_str());
        return exitFailure;
    }
    const auto policy = loadConfiguration(made->policy);
    if (!policy)
        return exitBadConfig;
    const std::filesystem::path programs = QCoreApplication::applicationDirPath().toStdString();
    std::printf("Made %s with a local CA, a server certificate and a token key.\n%s\nStart it: %s --config %s\n",
                made->policy.parent_path().c_str(), firstSteps(*policy, programs).c_str(),
                (programs / "gatehoused").c_str(), made->policy.c_str());
    return exitOk;
}

/// The document and the certificates that it names.
int checkConfiguration(const std::filesystem::path& file)
{
    const auto policy = loadConfiguration(file);
    if (!policy)
        return exitBadConfig;
    const SystemClock clock;
    if (const auto generation = makeGeneration(policy, clock); !generation) {
        std::fprintf(stderr, "%s: %s\n", file.c_str(), generation.error().c_str());
        return exitBadConfig;
    }
    std::printf("%s is valid\n", file.c_str());
    return exitOk;
}

/// Waits for signals until a drain has ended. SIGHUP reloads; a second SIGTERM or SIGINT stops at once.
int serve(ServerRuntime& runtime)
{
    const sigset_t signals = blockedSignals();
    const Actor actor{userName(), "signal"};
    bool draining = false;
    while (!runtime.waitUntilStopped(std::chrono::milliseconds(draining ? 50 : 0))) {
        const timespec wait{0, draining ? 10'000'000 : 200'000'000};
        const int signal = sigtimedwait(&signals, nullptr, &wait);
        if (signal == SIGHUP) {
            runtime.call(actor, ReloadCommand{}, [](const Reply& reply) {
                if (!reply)
                    std::fprintf(stderr, "gatehoused: the configuration was not reloaded, the old one stays:\n%s\n",
                                 reply.error().message.c_str());
            });
        } else if (signal == SIGTERM || signal == SIGINT) {
            if (draining)
                break;
            draining = true;
            sd_notify(0, "STOPPING=1");
            runtime.call(actor, DrainCommand{}, [](const Reply&) {});
        }
    }
    return exitOk;
}

int run(const std::filesystem::path& config)
{
    const auto policy = loadConfiguration(config);
    if (!policy)
        return exitBadConfig;
    const sigset_t signals = blockedSignals();
    pthread_sigmask(SIG_BLOCK, &signals, nullptr); // before any thread is there, so that none but ours takes them
    const SystemClock clock;
    const auto runtime = ServerRuntime::start(policy, clock);
    if (!runtime) {
        std::fprintf(stderr, "gatehoused: %s\n", runtime.error().c_str());
        return exitFailure;
    }
    for (const ListenerInfo& listener : (*runtime)->listeners())
        std::printf("ready: %s\n", listener.url.c_str());
    std::fflush(stdout);
    sd_notify(0, "READY=1");
    return serve(**runtime);
}

} // namespace

int main(int argc, char** argv)
{
    umask(0077);
    QCoreApplication application(argc, argv);
    QCoreApplication::setApplicationName(QStringLiteral("gatehoused"));
    QCoreApplication::setApplicationVersion(QStringLiteral(GATEHOUSE_VERSION));
    QCommandLineParser parser;
    parser.setApplicationDescription(QStringLiteral(
        "Secure WebSocket server. Serves by --config FILE until SIGTERM, which drains; SIGHUP reloads.\n"
        "Exit codes: 0 done, 1 failure at run time, 64 usage, 78 bad configuration. See gatehoused(8)."));
    const QCommandLineOption help({QStringLiteral("h"), QStringLiteral("help")},
                                  QStringLiteral("Shows this and ends."));
    const QCommandLineOption version({QStringLiteral("v"), QStringLiteral("version")},
                                     QStringLiteral("Shows the version and ends."));
    const QCommandLineOption config(QStringLiteral("config"), QStringLiteral("The configuration, gatehouse.json."),
                                    QStringLiteral("FILE"));
    const QCommandLineOption init(
        QStringLiteral("init"),
        QStringLiteral("Makes DIR with a ready configuration, a local CA, a certificate and a token key."),
        QStringLiteral("DIR"));
    const QCommandLineOption port(QStringLiteral("port"), QStringLiteral("With --init: the port to listen on (8443)."),
                                  QStringLiteral("PORT"));
    const QCommandLineOption name(
        QStringLiteral("server-name"),
        QStringLiteral("With --init: a further name or address for the certificate; may be repeated."),
        QStringLiteral("NAME"));
    const QCommandLineOption check(QStringLiteral("check-config"),
                                   QStringLiteral("With --config: reports every error and ends."));
    const QCommandLineOption defaults(QStringLiteral("print-default-config"),
                                      QStringLiteral("Prints the configuration that --init writes."));
    parser.addOptions({help, version, config, init, port, name, check, defaults});
    const auto usage = [](const QString& what) {
        std::fprintf(stderr, "gatehoused: %s\nTry 'gatehoused --help'.\n", qPrintable(what));
        return static_cast<int>(exitUsage);
    };
    if (!parser.parse(QCoreApplication::arguments()))
        return usage(parser.errorText());
    if (!parser.positionalArguments().isEmpty())
        return usage(QStringLiteral("'%1' is not an option").arg(parser.positionalArguments().constFirst()));
    if (parser.isSet(help)) {
        std::printf("%s", qPrintable(parser.helpText()));
        return exitOk;
    }
    if (parser.isSet(version)) {
        std::printf("gatehoused %s\n", GATEHOUSE_VERSION);
        return exitOk;
    }
    if (parser.isSet(defaults)) {
        std::printf("%s", policyDefaults().c_str());
        return exitOk;
    }
    if (parser.isSet(init))
        return initialiseFolder(parser.value(init), parser.value(port), parser.values(name));
    if (!parser.isSet(config) || parser.value(config).isEmpty())
        return usage(QStringLiteral("--config FILE or --init DIR is needed"));
    const std::filesystem::path file(parser.value(config).toStdString());
    if (parser.isSet(check))
        return checkConfiguration(file);
    return run(file);
}
