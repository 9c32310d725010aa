// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "control/servercontrol.h"
#include "domain/result.h"
#include "policy/policy.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace gatehouse {

/// The whole server: workers, audit log, feed, control socket. Made and destroyed on the main thread; a
/// QCoreApplication must exist for as long as it does.
class ServerRuntime final : public ServerControl {
public:
    /// Takes the state directory, opens the audit log, loads certificates, binds every listener, then serves.
    /// The error is in English: what, where, what to do.
    /// `spareCores`: how many cores `"workers": "auto"` leaves to others, such as a GUI thread.
    [[nodiscard]] static Result<std::unique_ptr<ServerRuntime>, std::string>
    start(std::shared_ptr<const Policy> policy, const Clock& clock, unsigned spareCores = 0);
    /// Ends what still runs, without ceremony: drain() first.
    ~ServerRuntime() override;

    void call(Actor actor, Command command, std::function<void(Reply)> done) override;
    [[nodiscard]] std::unique_ptr<FeedWatch> watch(std::function<void()> wake) override;

    /// One for each listener, with its real port and its certificate. Thread-safe.
    [[nodiscard]] std::vector<ListenerInfo> listeners() const;
    /// Waits until a drain that was ordered has ended: every session is gone, or was cut off. False where the
    /// time given ran out before.
    [[nodiscard]] bool waitUntilStopped(std::chrono::milliseconds atMost);

private:
    ServerRuntime();
    struct Private;
    std::unique_ptr<Private> d;
};

/// Raises the soft limit of open descriptors to the hard one.
void raiseDescriptorLimit();

} // namespace gatehouse
