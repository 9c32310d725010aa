// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "fakecontrol.h"
#include "feedbridge/feedbridge.h"
#include "models/gatefigures.h"
#include "pages/page.h"

#include <QSettings>
#include <QString>
#include <QTemporaryDir>

#include <functional>
#include <memory>
#include <vector>

// Pages of records in the states that are looked at: used by tests, and by the program that makes the screenshots.
namespace gatehouse::test {

/// A page on a server that answers from made-up values, with a bridge and figures of its own.
struct PageStage {
    PageStage();
    ~PageStage();

    template <class P> P& show(bool active = true)
    {
        auto made = std::make_unique<P>(bridge, settings, figures);
        P& shown = *made;
        page = std::move(made);
        QObject::connect(&bridge, &ui::FeedBridge::batchReady, page.get(), [this](const FeedBatch& batch) {
            figures.apply(batch);
            page->applyBatch(batch);
        });
        page->setActive(active);
        bridge.start();
        return shown;
    }
    /// Pushes a batch and waits until it has arrived.
    void push(FeedBatch batch);

    QTemporaryDir folder;
    QSettings settings;
    FakeControl control;
    ui::FeedBridge bridge;
    ui::GateFigures figures;
    std::unique_ptr<ui::Page> page;
};

/// 2026-11-22 14:32:07 UTC.
[[nodiscard]] WallTime sceneTime();
[[nodiscard]] FeedBatch busySnapshot();
/// One is up, one is ejected, one drains.
[[nodiscard]] std::vector<UpstreamStatus> sceneUpstreams();
[[nodiscard]] std::vector<AuthFailureGroup> attack();
/// Records `newest` and down, as an AuditQuery gets them.
[[nodiscard]] gatehouse::AuditPage auditPage(const AuditQuery& query, std::uint64_t newest);

struct RecordScene {
    QString name;
    std::function<void(PageStage&)> prepare;
};
[[nodiscard]] std::vector<RecordScene> recordScenes();

} // namespace gatehouse::test
