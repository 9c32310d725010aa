// SPDX-License-Identifier: GPL-3.0-or-later
// Draws the console's scenes into PNG files: screenshots FOLDER [SCENE…]. Made-up values, the same pictures each time.
#include "connectionscenes.h"
#include "dialogs/firstrundialog.h"
#include "mainwindow/commandpalette.h"
#include "mainwindow/mainwindow.h"
#include "models/connectionsmodel.h"
#include "pages/connectionspage.h"
#include "pages/connectionstable.h"
#include "pages/overviewpage.h"
#include "pages/policyeditview.h"
#include "pages/policypage.h"
#include "pages/policyreviewview.h"
#include "pages/recordtable.h"
#include "pages/upstreamscard.h"
#include "policyscenes.h"
#include "recordscenes.h"

#include <QAction>
#include <QApplication>
#include <QDialog>
#include <QDir>
#include <QHoverEvent>
#include <QLineEdit>
#include <QPainter>
#include <QPushButton>
#include <QRadioButton>
#include <QSettings>
#include <QTemporaryDir>
#include <QTextStream>

#include <functional>
#include <vector>

using namespace gatehouse;
using namespace gatehouse::test;
using namespace std::chrono_literals;

namespace {

constexpr int turns = 60;

/// The whole window on a made-up server.
struct Stage {
    explicit Stage(ui::Appearance& appearance, QSize size)
        : settings(folder.filePath(QStringLiteral("settings.ini")), QSettings::IniFormat)
    {
        control.answer = [this](const Command& command) { return answer(command); };
        window = std::make_unique<ui::MainWindow>(control, settings, appearance,
                                                  ui::MainWindowOptions{{"dana", "console"}, true, false});
        window->resize(size);
        window->show();
        settle();
    }

    static void settle()
    {
        for (int turn = 0; turn < 6; ++turn)
            QApplication::processEvents();
    }

    void push(FeedBatch batch)
    {
        control.push(std::move(batch));
        QApplication::processEvents();
    }

    /// Two minutes of life, so that curves have their shape.
    void live(const std::vector<SessionSketch>& sketches)
    {
        FeedBatch first = gateBatch(sketches, sceneTime() - 2s * turns, 0);
        first.snapshot = true;
        push(first);
        for (int turn = 1; turn <= turns; ++turn)
            push(gateBatch(sketches, sceneTime() - 2s * (turns - turn), turn));
        FeedBatch last = gateBatch({}, sceneTime() + 1s, turns);
        last.stats.sessions = sketches.size() - 1;
        last.stats.messagesIn += 5120;
        last.stats.messagesOut += 3292;
        last.stats.bytesIn += 1'950'000;
        last.stats.bytesOut += 1'300'000;
        last.stats.refusedTotal += 12;
        ClosedSession closed;
        closed.id = SessionId{7444};
        closed.code = 4008;
        closed.why.decision.reason = Reason::SlowConsumer;
        closed.why.decision.met = "1.0 MiB queued";
        closed.why.policyVersion = 41;
        last.closed.push_back(closed);
        last.authFailures = attack();
        push(std::move(last));
    }

    ui::ConnectionsPage& connections()
    {
        window->showPage(QStringLiteral("connections"));
        settle();
        return *qobject_cast<ui::ConnectionsPage*>(window->currentPage());
    }

    void filter(const QString& text)
    {
        window->findChild<QLineEdit*>(QStringLiteral("filter"))->setText(text);
        settle();
    }

    QTemporaryDir folder;
    QSettings settings;
    FakeControl control;
    std::function<Reply(const Command&)> answer = [](const Command& command) {
        return gateAnswer(command, sceneTime());
    };
    std::unique_ptr<ui::MainWindow> window;
};

struct Scene {
    QString name;
    QSize size;
    std::function<void(Stage&)> prepare;
};

constexpr QSize usual(1440, 900);

std::vector<Scene> connectionScenes()
{
    std::vector<Scene> scenes;
    for (const QSize& size : {usual, QSize(1024, 640), QSize(1920, 1080)}) {
        const QString name = size == usual ? QStringLiteral("connections")
                                           : QStringLiteral("connections-%1x%2").arg(size.width()).arg(size.height());
        scenes.push_back({name, size, [](Stage& stage) {
                              ui::ConnectionsPage& page = stage.connections();
                              stage.live(largeGate());
                              if (stage.window->width() >= ui::ConnectionsPage::panelBeside)
                                  page.choose(SessionId{7370});
                          }});
    }
    scenes.push_back({QStringLiteral("connections-panel-over"), {1100, 700}, [](Stage& stage) {
                          stage.connections().choose({});
                          stage.live(smallGate());
                          stage.connections().choose(SessionId{7370});
                      }});
    scenes.push_back({QStringLiteral("connections-filtered"), usual, [](Stage& stage) {
                          stage.connections();
                          stage.live(largeGate());
                          stage.filter(QStringLiteral("10.20.2. reader"));
                      }});
    scenes.push_back({QStringLiteral("connections-closed"), usual, [](Stage& stage) {
                          ui::ConnectionsPage& page = stage.connections();
                          stage.live(smallGate());
                          page.choose(SessionId{7444});
                      }});
    scenes.push_back({QStringLiteral("connections-empty"), usual, [](Stage& stage) {
                          stage.connections();
                          FeedBatch batch = gateBatch({}, sceneTime(), 0);
                          batch.snapshot = true;
                          stage.push(batch);
                      }});
    scenes.push_back({QStringLiteral("connections-no-match"), usual, [](Stage& stage) {
                          stage.connections();
                          stage.live(largeGate());
                          stage.filter(QStringLiteral("nobody-of-that-name"));
                      }});
    scenes.push_back({QStringLiteral("kick"), usual, [](Stage& stage) {
                          ui::ConnectionsPage& page = stage.connections();
                          stage.live(largeGate());
                          page.choose(SessionId{7370});
                          stage.window->findChild<QPushButton*>(QStringLiteral("panelKick"))->click();
                      }});
    for (const char* which : {"ban", "revokeToken", "revokeUser"})
        scenes.push_back({QLatin1StringView(which), usual, [which](Stage& stage) {
                              ui::ConnectionsPage& page = stage.connections();
                              stage.live(smallGate());
                              page.choose(SessionId{7370});
                              stage.window->findChild<QAction*>(QLatin1StringView(which))->trigger();
                          }});
    scenes.push_back({QStringLiteral("kick-many"), usual, [](Stage& stage) {
                          stage.connections();
                          stage.live(largeGate());
                          stage.filter(QStringLiteral("svc-telemetry"));
                          stage.window->findChild<QPushButton*>(QStringLiteral("connectionsKick"))->click();
                      }});
    return scenes;
}

constexpr const char* measuredPolicy =
    R"({"lockdown": {"allow_users": ["dana", "erik"], "allow_networks": ["10.20.0.0/24", "10.20.3.0/24"]},
        "drain": {"within": "20s", "spread": "10s"}})";

/// With a policy, and with whom it quarantined and limited.
void measured(Stage& stage)
{
    stage.answer = [](const Command& command) -> Reply {
        if (!std::holds_alternative<PolicyGetQuery>(command))
            return gateAnswer(command, sceneTime());
        PolicyDocument policy;
        policy.version.document = measuredPolicy;
        return Answer(policy);
    };
    ui::ConnectionsPage& page = stage.connections();
    stage.live(smallGate());
    FeedBatch batch = gateBatch(smallGate(), sceneTime() + 2s, turns);
    batch.stats.sessions = 17;
    std::erase_if(batch.rows, [](const SessionRow& row) { return row.info->id == SessionId{7444}; });
    TemporaryLimit limit;
    limit.rate = {5, 1s, 10};
    limit.actor = "dana";
    limit.reason = "floods the floor's channel";
    limit.until = sceneTime() + 9min;
    for (SessionRow& row : batch.rows) {
        const std::uint64_t id = row.info->id.value;
        if (id == 7370 || id == 7148) {
            row.activity.phase = SessionPhase::Quarantined;
            row.activity.quarantinedUntil = sceneTime() + 8min;
        }
        if (id == 7370 || id == 7000 || id == 7037) {
            limit.session = row.info->id;
            row.activity.temporaryLimit = limit;
        }
    }
    stage.push(std::move(batch));
    page.choose(SessionId{7370});
}

void lockDown(Stage& stage)
{
    measured(stage);
    FeedBatch batch = gateBatch({}, sceneTime() + 3s, turns);
    batch.stats.sessions = 17;
    batch.stats.lockdown = Lockdown{{}, "erik", "break-in", sceneTime() - 2min, sceneTime() + 12min + 34s};
    stage.push(std::move(batch));
}

void press(Stage& stage, const char* button)
{
    stage.window->findChild<QPushButton*>(QLatin1StringView(button))->click();
    Stage::settle();
}

std::vector<Scene> measureScenes()
{
    const auto trigger = [](const char* action) {
        return [action](Stage& stage) {
            measured(stage);
            stage.connections().choose(SessionId{7037});
            stage.window->findChild<QAction*>(QLatin1StringView(action))->trigger();
        };
    };
    const auto lockdown = [](const char* who) {
        return [who](Stage& stage) {
            measured(stage);
            press(stage, "lockdownButton");
            stage.window->findChild<QRadioButton*>(QLatin1StringView(who))->click();
        };
    };
    return {
        {QStringLiteral("quarantined"), usual, measured},
        {QStringLiteral("quarantined-1024x640"), {1024, 640}, measured},
        {QStringLiteral("lockdown"), usual, lockdown("lockdownPolicy")},
        {QStringLiteral("lockdown-given"), {1024, 640}, lockdown("lockdownGiven")},
        {QStringLiteral("lockdown-nobody"), {1024, 640}, lockdown("lockdownNobody")},
        {QStringLiteral("locked-down"), usual, lockDown},
        {QStringLiteral("locked-down-1024x640"), {1024, 640}, lockDown},
        {QStringLiteral("end-lockdown"), usual,
         [](Stage& stage) {
             lockDown(stage);
             press(stage, "lockdownButton");
         }},
        {QStringLiteral("limit"), usual, trigger("limit")},
        {QStringLiteral("quarantine"), usual, trigger("quarantine")},
        {QStringLiteral("quarantine-pending"), usual,
         [trigger](Stage& stage) {
             trigger("quarantine")(stage);
             press(stage, "quarantineConfirm");
         }},
        {QStringLiteral("close-told"), usual,
         [](Stage& stage) {
             measured(stage);
             stage.window->close();
         }},
    };
}

ui::FirstRunDialog* firstRun(Stage& stage)
{
    const auto make = [](quint16) -> ui::FirstRunOutcome {
        return {{},
                QStringLiteral("A token for alice, good for an hour:\n\n"
                               "  gatehousectl token --user alice --role editor\n\n"
                               "Connect with it:\n\n"
                               "  const gate = new WebSocket('wss://localhost:8443/hub/chat.lobby', ['token.…']);\n")};
    };
    auto* dialog = new ui::FirstRunDialog(QStringLiteral("/home/dana/.config/gatehouse"), make, stage.window.get());
    dialog->open();
    return dialog;
}

ui::OverviewPage& overview(Stage& stage)
{
    return *qobject_cast<ui::OverviewPage*>(stage.window->page(QStringLiteral("overview")));
}

/// The overview of a gate with these applications behind it.
void withUpstreams(Stage& stage, const std::vector<UpstreamStatus>& all)
{
    PageStage source;
    stage.answer = [records = source.control.answer](const Command& command) -> Reply {
        if (const auto* drain = std::get_if<UpstreamDrainCommand>(&command)) {
            UpstreamDrainResult result{sceneUpstreams(), 0};
            result.upstreams.resize(1);
            result.ending = drain->within ? 214 : 0;
            return Answer(result);
        }
        return records(command);
    };
    FeedBatch batch = busySnapshot();
    batch.stats.upstreams = all;
    for (GateStats& sample : batch.history)
        sample.upstreams = all;
    stage.push(std::move(batch));
    stage.window->showPage(QStringLiteral("overview"));
    Stage::settle();
}

void upstreams(Stage& stage)
{
    withUpstreams(stage, sceneUpstreams());
}

void manyUpstreams(Stage& stage)
{
    std::vector<UpstreamStatus> all;
    for (int i = 0; i < 18; ++i) {
        UpstreamStatus one = sceneUpstreams()[i == 11 ? 1 : i == 4 ? 2 : 0];
        one.route = i % 2 == 0 ? "telemetry-of-the-north-hall-and-the-yard" : "plc";
        one.url = i == 11 ? "wss://collector-north-hall-0011.operations.plant3.example:18443/applications/telemetry/v2"
                          : "ws://10.20.1." + std::to_string(10 + i) + ":1880/";
        if (i == 11)
            one.problem = "certificate verify failed: unable to get local issuer certificate of CN=Plant 3 Issuing CA";
        one.sessions = 12884 + static_cast<std::uint64_t>(i) * 37;
        if (i % 5 == 3)
            one.problem = "no answer in time";
        all.push_back(one);
    }
    withUpstreams(stage, all);
}

std::function<void(Stage&)> drain(const char* choice)
{
    return [choice](Stage& stage) {
        upstreams(stage);
        overview(stage).upstreams().rows()[0]->orderButton()->click();
        Stage::settle();
        stage.window->findChild<QRadioButton*>(QLatin1StringView(choice))->click();
    };
}

std::vector<Scene> windowScenes()
{
    const auto record = [](const char* page) {
        return [page](Stage& stage) {
            PageStage source;
            stage.answer = source.control.answer;
            stage.push(busySnapshot());
            stage.window->showPage(QLatin1StringView(page));
            Stage::settle();
            if (auto* table = stage.window->currentPage()->findChild<ui::RecordTable*>())
                table->setCurrentIndex(table->model()->index(1, 0));
        };
    };
    return {
        {QStringLiteral("overview"), usual, record("overview")},
        {QStringLiteral("overview-certificate"), usual,
         [record](Stage& stage) {
             record("overview")(stage);
             FeedBatch batch = busySnapshot();
             batch.stats.certificates = CertificateState::ReloadFailed;
             batch.stats.certificatesEnd = batch.stats.time + 24h * 100;
             for (GateStats& sample : batch.history) {
                 sample.certificates = batch.stats.certificates;
                 sample.certificatesEnd = batch.stats.certificatesEnd;
             }
             stage.push(std::move(batch));
         }},
        {QStringLiteral("overview-alarms"), usual,
         [record](Stage& stage) {
             record("overview")(stage);
             FeedBatch batch = busySnapshot();
             const auto alarm = [](GateStats& stats) {
                 stats.keySets = KeySetState::Failing;
                 stats.keySetProblem = "issuer corp: https://id.example/keys does not answer";
                 stats.clockStepped = stats.time - 5min;
                 stats.clockStep = 1h;
             };
             alarm(batch.stats);
             for (GateStats& sample : batch.history)
                 alarm(sample);
             stage.push(std::move(batch));
         }},
        {QStringLiteral("overview-upstreams"), usual, upstreams},
        {QStringLiteral("overview-upstreams-1024x640"), {1024, 640}, upstreams},
        {QStringLiteral("overview-upstreams-1920x1080"), {1920, 1080}, upstreams},
        {QStringLiteral("overview-upstreams-many"), usual, manyUpstreams},
        {QStringLiteral("upstream-drain"), usual, drain("upstreamStay")},
        {QStringLiteral("upstream-end"), usual, drain("upstreamEnd")},
        {QStringLiteral("upstream-undrain"), usual,
         [](Stage& stage) {
             upstreams(stage);
             overview(stage).upstreams().rows()[2]->orderButton()->click();
         }},
        {QStringLiteral("upstream-drained"), usual,
         [](Stage& stage) {
             drain("upstreamStay")(stage);
             press(stage, "drainUpstreamConfirm");
         }},
        {QStringLiteral("upstream-commands"), usual,
         [](Stage& stage) {
             upstreams(stage);
             stage.window->findChild<QAction*>(QStringLiteral("palette"))->trigger();
             stage.window->findChild<ui::CommandPalette*>()->findChild<QLineEdit*>()->setText(QStringLiteral("upstream"));
         }},
        {QStringLiteral("auth-failures"), usual, record("authFailures")},
        {QStringLiteral("audit"), usual, record("audit")},
        {QStringLiteral("draining"), usual,
         [](Stage& stage) {
             ui::ConnectionsPage& page = stage.connections();
             stage.live(smallGate());
             page.choose(SessionId{7333});
             FeedBatch batch = gateBatch({}, sceneTime() + 2s, turns);
             batch.stats.state = GateState::Draining;
             batch.stats.drainUntil = sceneTime() + 16s;
             batch.stats.sessions = 17;
             for (const SessionSketch& sketch : smallGate()) {
                 SessionRow row = sketched(sketch, sceneTime());
                 row.activity.phase = SessionPhase::Closing;
                 batch.rows.push_back(std::move(row));
             }
             stage.push(std::move(batch));
         }},
        {QStringLiteral("close"), usual,
         [](Stage& stage) {
             stage.connections();
             stage.live(smallGate());
             stage.window->close();
         }},
        {QStringLiteral("first-run"), usual, [](Stage& stage) { firstRun(stage); }},
        {QStringLiteral("first-run-steps"), usual,
         [](Stage& stage) { firstRun(stage)->findChild<QPushButton*>(QStringLiteral("firstRunAction"))->click(); }},
        {QStringLiteral("commands"), usual,
         [](Stage& stage) {
             stage.connections();
             stage.live(smallGate());
             stage.window->findChild<QAction*>(QStringLiteral("palette"))->trigger();
         }},
    };
}

/// The policy page on a server that knows policies; the page's answers are there when it returns.
ui::PolicyPage& policyPage(Stage& stage, const std::shared_ptr<PolicyServer>& server)
{
    stage.answer = [server](const Command& command) {
        const bool policy =
            std::holds_alternative<PolicyGetQuery>(command) || std::holds_alternative<PolicyCheckCommand>(command) ||
            std::holds_alternative<PolicyWhatIfCommand>(command) || std::holds_alternative<PolicyHistoryQuery>(command);
        return policy ? server->answer(command) : gateAnswer(command, sceneTime());
    };
    stage.connections();
    std::vector<SessionSketch> sessions = largeGate();
    sessions.push_back({7001, "rosa", "reader", "10.20.1.14", "hub", 1, 0, 90s});
    stage.live(sessions);
    stage.window->showPage(QStringLiteral("policy"));
    FeedBatch batch = gateBatch({}, sceneTime() + 2s, turns);
    batch.stats.sessions = 1284;
    batch.stats.messagesIn += 2 * 5120;
    batch.stats.messagesOut += 2 * 3292;
    batch.stats.bytesIn += 2 * 1'950'000;
    batch.stats.bytesOut += 2 * 1'300'000;
    batch.stats.refusedTotal += 24;
    server->now = sceneTime();
    server->describe(batch.stats);
    stage.push(std::move(batch));
    Stage::settle();
    return *qobject_cast<ui::PolicyPage*>(stage.window->currentPage());
}

std::vector<PolicyProblem> sceneProblems()
{
    return {{"/routes/0/messages/rate/count", 33, 28, "bad_value", "a rate's count must be at least 1"},
            {"/routes/0/orgins", 26, 7, "unknown_key", "unknown key \"orgins\"; did you mean \"origins\"?"}};
}

void draftPolicy(Stage& stage, const std::shared_ptr<PolicyServer>& server)
{
    ui::PolicyPage& page = policyPage(stage, server);
    page.edit().editor().replaceAll(QString::fromStdString(sceneDraft()));
    page.edit().editor().goTo(26, 1);
    Stage::settle();
}

std::vector<Scene> policyScenes()
{
    std::vector<Scene> scenes;
    const auto add = [&](const char* name, std::function<void(Stage&)> prepare) {
        for (const QSize& size : {usual, QSize(1024, 640), QSize(1920, 1080)})
            scenes.push_back(
                {size == usual
                     ? QString(QLatin1StringView(name))
                     : QStringLiteral("%1-%2x%3").arg(QLatin1StringView(name)).arg(size.width()).arg(size.height()),
                 size, prepare});
    };
    const auto made = [] { return std::make_shared<PolicyServer>(); };
    add("policy-edit", [made](Stage& stage) {
        draftPolicy(stage, made());
        ui::PolicyEditView& edit = qobject_cast<ui::PolicyPage*>(stage.window->currentPage())->edit();
        edit.showProblems({}, {});
    });
    add("policy-errors", [made](Stage& stage) {
        draftPolicy(stage, made());
        ui::PolicyEditView& edit = qobject_cast<ui::PolicyPage*>(stage.window->currentPage())->edit();
        edit.showProblems(sceneProblems(), {{"/audit/retention", 44, 18, "long", "90 days of records may need 4 GiB"}});
    });
    scenes.push_back({QStringLiteral("policy-completion"), usual, [made](Stage& stage) {
                          draftPolicy(stage, made());
                          auto* page = qobject_cast<ui::PolicyPage*>(stage.window->currentPage());
                          ui::JsonEditor& editor = page->edit().editor();
                          editor.insertAt(QStringLiteral("\n        \"\""), 30, 28);
                          editor.setCursorPosition(31, 9);
                          editor.complete();
                      }});
    add("policy-review", [made](Stage& stage) {
        draftPolicy(stage, made());
        qobject_cast<ui::PolicyPage*>(stage.window->currentPage())->reviewDraft();
    });
    add("policy-history", [made](Stage& stage) { policyPage(stage, made()).showHistory(); });
    const auto provisional = [made] {
        auto server = made();
        server->now = sceneTime();
        PolicyHistoryEntry entry = server->versions.back();
        entry.version.version = 42;
        entry.version.origin = PolicyOrigin::Provisional;
        entry.version.author = "dana";
        entry.version.reason = "scanner on floor 9, ticket 4711";
        entry.version.time = sceneTime() - 29s;
        entry.version.provisionalUntil = sceneTime() + 4min + 34s;
        server->versions.push_back(entry);
        return server;
    };
    add("policy-provisional", [provisional](Stage& stage) { policyPage(stage, provisional()); });
    add("connections-provisional", [provisional](Stage& stage) {
        policyPage(stage, provisional());
        stage.connections();
    });
    scenes.push_back({QStringLiteral("policy-moved"), usual, [made](Stage& stage) {
                          const auto server = made();
                          draftPolicy(stage, server);
                          server->applyByOther("mei", scenePolicy());
                          FeedBatch batch = gateBatch({}, sceneTime() + 5s, turns);
                          batch.stats.sessions = 1284;
                          server->describe(batch.stats);
                          stage.push(std::move(batch));
                      }});
    scenes.push_back({QStringLiteral("policy-apply"), usual, [made](Stage& stage) {
                          draftPolicy(stage, made());
                          auto* page = qobject_cast<ui::PolicyPage*>(stage.window->currentPage());
                          page->reviewDraft();
                          Stage::settle();
                          page->apply(5min);
                      }});
    return scenes;
}

/// The window, and whatever lies over it.
QImage drawn(Stage& stage)
{
    Stage::settle();
    QImage image = stage.window->grab().toImage();
    QPainter painter(&image);
    for (QWidget* widget : QApplication::topLevelWidgets()) {
        auto* dialog = qobject_cast<QDialog*>(widget);
        if (!dialog || !dialog->isVisible())
            continue;
        if (!dialog->windowFlags().testFlag(Qt::Popup)) {
            painter.fillRect(image.rect(), QColor(0, 0, 0, 90));
            const QPoint corner(image.width() / 2 - dialog->width() / 2, image.height() / 2 - dialog->height() / 2);
            painter.drawPixmap(corner, dialog->grab());
            painter.setPen(ui::Theme::of(dialog->palette()).faint);
            painter.drawRect(QRect(corner, dialog->size()).adjusted(-1, -1, 0, 0));
        } else {
            painter.drawPixmap(stage.window->mapFromGlobal(dialog->pos()), dialog->grab());
        }
    }
    return image;
}

} // namespace

int main(int argc, char** argv)
{
    if (qEnvironmentVariableIsEmpty("QT_QPA_PLATFORM"))
        qputenv("QT_QPA_PLATFORM", "offscreen");
    qputenv("TZ", "Europe/Berlin");
    QApplication application(argc, argv);
    QTextStream err(stderr);
    const QStringList arguments = QApplication::arguments().mid(1);
    if (arguments.isEmpty()) {
        err << "usage: screenshots FOLDER [SCENE...]\n";
        return 64;
    }
    const QDir folder(arguments.first());
    QTemporaryDir own;
    QSettings settings(own.filePath(QStringLiteral("look.ini")), QSettings::IniFormat);
    ui::Appearance appearance(application, settings);
    std::vector<Scene> scenes = connectionScenes();
    for (auto* more : {&measureScenes, &windowScenes, &policyScenes}) {
        for (Scene& scene : more())
            scenes.push_back(std::move(scene));
    }
    for (const ui::SchemeChoice choice : {ui::SchemeChoice::Light, ui::SchemeChoice::Dark}) {
        appearance.setChoice(choice);
        for (const Scene& scene : scenes) {
            if (arguments.size() > 1 && !arguments.contains(scene.name))
                continue;
            Stage stage(appearance, scene.size);
            scene.prepare(stage);
            const QString scheme = choice == ui::SchemeChoice::Light ? QStringLiteral("light") : QStringLiteral("dark");
            const QString file = folder.filePath(QStringLiteral("%1-%2.png").arg(scene.name, scheme));
            if (!folder.mkpath(QStringLiteral(".")) || !drawn(stage).save(file)) {
                err << "cannot write " << file << '\n';
                return 1;
            }
        }
    }
    return 0;
}
