// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "control/commands.h"
#include "feed/values.h"
#include "runtime/generation.h"
#include "setup/renewal.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gatehouse {

/// What the keeper tells, on its thread.
class CertificateEvents {
public:
    virtual ~CertificateEvents() = default;
    /// `next` is `base` with another certificate.
    virtual void certificateChanged(std::shared_ptr<const PolicyGeneration> base,
                                    std::shared_ptr<const PolicyGeneration> next) = 0;
    /// A record, whose reason is to be counted where it has one.
    virtual void certificateRecord(AuditKind kind, Reason reason, const std::string& actor, std::string detail) = 0;
    virtual void certificatesStand(CertificateState state, std::optional<WallTime> soonestEnd) = 0;
    /// True where the audit log has a record about certificates with that text.
    [[nodiscard]] virtual bool wasRecorded(const std::string& text) = 0;
};

/// Watches the files of the certificates that are served, takes what changed into use, renews those of a local CA and
/// warns before one ends. A file that cannot be used changes nothing but for an alarm. Owner: the jobs thread.
class CertificateKeeper {
public:
    static constexpr std::chrono::seconds lookEvery{1};
    static constexpr std::chrono::seconds quiet{2};       ///< files that still do not fit then are an error
    static constexpr std::chrono::minutes renewEvery{60}; ///< is looked whether a renewal is due

    CertificateKeeper(const Clock& clock, CertificateEvents& events)
        : m_clock(clock)
        , m_events(events)
    {
    }

    /// What the workers serve with, from another source than this.
    void setGeneration(std::shared_ptr<const PolicyGeneration> generation);
    /// To be called often; looks no more often than it must.
    void tick();
    /// A reload by command met files that cannot be used and said so: they are no news any more.
    void failureReported();

    [[nodiscard]] CertificateList status() const;
    [[nodiscard]] Result<CertificateList, ControlError> renew(const Actor& actor,
                                                              const CertificateRenewCommand& command);

private:
    struct Entry {
        std::string listener;
        FileStamps seen;
        TimePoint changed{};
        bool settled = false;  ///< what was seen last is in use, or its alarm was raised
        std::string problem;   ///< of the last try; empty: in use
        std::string alarm;     ///< the state of the files that the last alarm was about, while it lasts
        bool reported = false; ///< somebody else said so already
        std::string renewal;   ///< why the last renewal failed; empty: none did
        std::string renewedBy; ///< who renews at this moment; the change is theirs
        std::optional<WallTime> failedAt;
        std::string warned; ///< certificate and threshold of the last warning
    };

    void look();
    void lookAt(std::size_t index, TimePoint now);
    void tryFiles(std::size_t index);
    void raiseAlarm(std::size_t index);
    void renewWhatIsDue();
    [[nodiscard]] std::string renewOne(std::size_t index, const std::string& actor, const RenewalPlan& plan);
    void warn(std::size_t index, bool renews);
    void tellState();
    [[nodiscard]] const Listener& listener(std::size_t index) const { return m_generation->policy->listeners[index]; }
    [[nodiscard]] CertificateStatus statusOf(std::size_t index) const;

    const Clock& m_clock;
    CertificateEvents& m_events;
    std::shared_ptr<const PolicyGeneration> m_generation;
    std::vector<Entry> m_entries; ///< for each listener
    TimePoint m_nextLook{};
    std::optional<WallTime> m_renewalChecked;
    std::optional<std::pair<CertificateState, std::optional<WallTime>>> m_told;
};

} // namespace gatehouse
