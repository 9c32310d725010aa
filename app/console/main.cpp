// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/configuration.h"
#include "common/exitcodes.h"
#include "dialogs/firstrundialog.h"
#include "mainwindow/mainwindow.h"
#include "runtime/serverruntime.h"
#include "setup/initialise.h"
#include "signalwatcher.h"
#include "style/appearance.h"
#include "style/theme.h"

#include <QApplication>
#include <QCommandLineParser>
#include <QProcess>
#include <QSettings>
#include <QStandardPaths>
#include <QSystemTrayIcon>

#include <cstdio>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace gatehouse;

namespace {

Actor consoleActor()
{
    const passwd* entry = getpwuid(geteuid());
    return {entry ? entry->pw_name : std::to_string(geteuid()), "console"};
}

QString defaultConfiguration()
{
    return QStandardPaths::writableLocation(QStandardPaths::GenericConfigLocation) +
           QStringLiteral("/gatehouse/gatehouse.json");
}

/// The simulated clients, in a process of their own that ends with this one.
std::unique_ptr<QProcess> startDemo(const QString& config, const ServerRuntime& runtime)
{
    auto demo = std::make_unique<QProcess>();
    demo->setProcessChannelMode(QProcess::ForwardedChannels);
    const QString url = QString::fromStdString(runtime.listeners().front().url);
    demo->start(
        QCoreApplication::applicationDirPath() + QStringLiteral("/gatehouse-demo"),
        {QStringLiteral("--config"), config, QStringLiteral("--port"), url.mid(url.lastIndexOf(QLatin1Char(':')) + 1)});
    if (!demo->waitForStarted(5000)) {
        std::fprintf(stderr, "gatehouse: the simulated clients did not start: %s\n", qPrintable(demo->errorString()));
        return nullptr;
    }
    return demo;
}

/// Makes the configuration that is missing, by the operator's leave. False: he would rather not.
bool makeConfiguration(const QString& config)
{
    const std::filesystem::path file(config.toStdString());
    const auto make = [&file](quint16 port) -> ui::FirstRunOutcome {
        std::error_code failed;
        std::filesystem::create_directories(file.parent_path().parent_path(), failed);
        InitOptions options;
        options.policy.port = port;
        const auto made = initialise(file.parent_path(), options);
        if (!made)
            return {QString::fromStdString(made.error()), {}};
        const auto policy = loadConfiguration(made->policy);
        if (!policy)
            return {QStringLiteral("%1 is not valid").arg(QString::fromStdString(made->policy.string())), {}};
        const std::filesystem::path programs = QCoreApplication::applicationDirPath().toStdString();
        return {{}, QString::fromStdString(firstSteps(*policy, programs))};
    };
    auto* dialog = new ui::FirstRunDialog(QString::fromStdString(file.parent_path().string()), make);
    QObject::connect(dialog, &QDialog::finished, qApp, [](int result) { QCoreApplication::exit(result); });
    dialog->open();
    return QApplication::exec() == QDialog::Accepted;
}

int run(const QString& config, bool demo)
{
    QSettings settings;
    ui::Appearance appearance(*qApp, settings);
    if (!std::filesystem::exists(config.toStdString()) && !makeConfiguration(config))
        return exitOk;
    const auto policy = loadConfiguration(std::filesystem::path(config.toStdString()));
    if (!policy)
        return exitBadConfig;
    const SystemClock clock;
    auto started = ServerRuntime::start(policy, clock, 1);
    if (!started) {
        std::fprintf(stderr, "gatehouse: %s\n", started.error().c_str());
        return exitFailure;
    }
    ServerRuntime& runtime = **started;
    for (const ListenerInfo& listener : runtime.listeners())
        std::printf("ready: %s\n", listener.url.c_str());
    std::fflush(stdout);

    ui::MainWindow window(runtime, settings, appearance,
                          {consoleActor(), QSystemTrayIcon::isSystemTrayAvailable(), demo});
    QObject::connect(&window, &ui::MainWindow::stopped, &window, [] { QCoreApplication::quit(); });
    SignalWatcher signals_;
    QObject::connect(&signals_, &SignalWatcher::terminated, &window, [&window] { window.drainAndStop(); });
    QObject::connect(&signals_, &SignalWatcher::hungUp, &window, [&window] {
        window.bridge().call(ReloadCommand{}, &window, [](const Reply& reply) {
            if (!reply)
                std::fprintf(stderr, "gatehouse: the configuration was not reloaded, the old one stays:\n%s\n",
                             reply.error().message.c_str());
        });
    });
    QObject::connect(qApp, &QGuiApplication::commitDataRequest, &window, [&window] { window.drainAndStop(); });
    std::unique_ptr<QProcess> clients;
    if (demo)
        clients = startDemo(config, runtime);
    window.show();
    const int code = QApplication::exec();
    if (clients) {
        clients->terminate();
        clients->waitForFinished(3000);
    }
    return code;
}

} // namespace

int main(int argc, char** argv)
{
    umask(0077);
    QApplication application(argc, argv);
    QCoreApplication::setOrganizationName(QStringLiteral("gatehouse"));
    QCoreApplication::setApplicationName(QStringLiteral("gatehouse"));
    QCoreApplication::setApplicationVersion(QStringLiteral(GATEHOUSE_VERSION));
    QApplication::setQuitOnLastWindowClosed(false);
    QCommandLineParser parser;
    parser.setApplicationDescription(
        QStringLiteral("The operator's console, with the server inside. SIGTERM drains; SIGHUP reloads.\n"
                       "Exit codes: 0 done, 1 failure at run time, 64 usage, 78 bad configuration."));
    const QCommandLineOption help({QStringLiteral("h"), QStringLiteral("help")},
                                  QStringLiteral("Shows this and ends."));
    const QCommandLineOption version({QStringLiteral("v"), QStringLiteral("version")},
                                     QStringLiteral("Shows the version and ends."));
    const QCommandLineOption config(QStringLiteral("config"),
                                    QStringLiteral("The configuration (%1).").arg(defaultConfiguration()),
                                    QStringLiteral("FILE"));
    const QCommandLineOption demo(QStringLiteral("demo"),
                                  QStringLiteral("Adds simulated clients over real connections."));
    parser.addOptions({help, version, config, demo});
    if (!parser.parse(QCoreApplication::arguments()) || !parser.positionalArguments().isEmpty()) {
        const QString problem =
            parser.positionalArguments().isEmpty()
                ? parser.errorText()
                : QStringLiteral("'%1' is not an option").arg(parser.positionalArguments().constFirst());
        std::fprintf(stderr, "gatehouse: %s\nTry 'gatehouse --help'.\n", qPrintable(problem));
        return exitUsage;
    }
    if (parser.isSet(help)) {
        std::printf("%s", qPrintable(parser.helpText()));
        return exitOk;
    }
    if (parser.isSet(version)) {
        std::printf("gatehouse %s\n", GATEHOUSE_VERSION);
        return exitOk;
    }
    ui::loadFonts();
    return run(parser.isSet(config) ? parser.value(config) : defaultConfiguration(), parser.isSet(demo));
}
