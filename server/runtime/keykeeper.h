// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "feed/values.h"
#include "runtime/generation.h"

#include <atomic>
#include <memory>
#include <string>
#include <vector>

namespace gatehouse {

/// What the keeper of key sets tells, on its thread.
class KeyEvents {
public:
    virtual ~KeyEvents() = default;
    /// Another set for an issuer, from the place that the issuer has.
    virtual void keySetChanged(Issuer issuer, std::shared_ptr<const KeySet> set) = 0;
    /// Once for each failure that is another than the last.
    virtual void keySetFailed(std::string detail) = 0;
    virtual void keySetsStand(KeySetState state, std::string problem) = 0;
};

/// Watches the key sets in files, and fetches those behind URLs: at the start, every `refresh`, and once more where a
/// token names a key that is not there. What cannot be used changes nothing but for an alarm. Owner: the keys thread,
/// which it may keep waiting for as long as a fetch takes.
class KeyKeeper {
public:
    static constexpr std::chrono::seconds lookEvery{1};
    static constexpr std::chrono::seconds quiet{2};       ///< a file that still cannot be used then is an error
    static constexpr std::chrono::seconds earlyAfter{30}; ///< between fetches that tokens asked for
    static constexpr std::chrono::seconds firstPause{1};  ///< before a fetch is tried again; doubled each time

    KeyKeeper(const Clock& clock, KeyEvents& events)
        : m_clock(clock)
        , m_events(events)
    {
    }

    /// What the workers verify with. `mayReturn`: the policy before may come back by itself, and what was kept of its
    /// key sets stays for that.
    void setGeneration(const std::shared_ptr<const PolicyGeneration>& generation, bool mayReturn = false);
    /// To be called often; looks no more often than it must.
    void tick();
    /// A token named a key that this issuer's set does not hold.
    void keyUnknown(const std::string& issuer);
    /// Thread-safe: what waits for a network ends soon, and nothing is fetched any more.
    void stop() { m_stopped = true; }

private:
    struct Entry {
        Issuer issuer;
        std::shared_ptr<const KeySet> set; ///< in use; null: none yet
        std::string problem;               ///< of the last try; empty: what it gave is in use
        std::string alarm;                 ///< the problem that was told of, while it lasts
        // Of a file.
        FileStamp seen;
        TimePoint changed{};
        bool settled = false; ///< what was seen last is in use, or its alarm was raised
        // Of a URL.
        TimePoint due{}; ///< the next fetch
        std::chrono::milliseconds pause{firstPause};
        std::optional<TimePoint> fetched; ///< the last try
        bool onDisk = false;              ///< `set` is what is kept there
    };

    void lookAt(Entry& entry, TimePoint now);
    void tryFile(Entry& entry);
    void fetchInto(Entry& entry);
    void use(Entry& entry, std::shared_ptr<const KeySet> set);
    void fail(Entry& entry, std::string problem);
    void tellState();

    const Clock& m_clock;
    KeyEvents& m_events;
    std::vector<Entry> m_entries; ///< for each issuer with a key set
    std::filesystem::path m_stateDir;
    TimePoint m_nextLook{};
    std::atomic<bool> m_stopped{false};
    std::optional<std::pair<KeySetState, std::string>> m_told;
};

} // namespace gatehouse
