using IngressController.Routing.Diagnostics;

namespace IngressController.Events;

/// <summary>The subject matter of an Event. The names are the Events' reasons.</summary>
internal enum EventTopic
{
    /// <summary>A diagnostic.</summary>
    Problem,

    /// <summary>The object has more diagnostics than the maximum number of Events per object.</summary>
    MoreProblems,

    /// <summary>The object has no diagnostics any more.</summary>
    Resolved,
}

/// <summary>The way to write an Event to the API server.</summary>
internal enum EventVerb
{
    /// <summary>The Event is new and is created.</summary>
    Create,

    /// <summary>A previous leader has probably written the Event. It is only read, and created if it is missing.</summary>
    Adopt,

    /// <summary>The Event exists, and its series is continued.</summary>
    Repeat,
}

/// <summary>Identifies an Event: the same problem of the same object is the same Event, in every replica and at any time.</summary>
internal readonly record struct EventKey(DiagnosticSubject Subject, string? Uid, EventTopic Topic, Diagnostic? Problem);

/// <summary>The state of one Event: its occurrences, the ones that have been written, and the time of the next write.</summary>
internal sealed record EventEntry(EventTopic Topic, Diagnostic? Problem, EventVerb FirstVerb, DateTime First)
{
    /// <summary>Number of problems without an Event of their own when <see cref="EventTopic.MoreProblems"/> first occurred.</summary>
    public int Hidden { get; init; }

    public bool IsPresent { get; init; } = true;

    /// <summary>The time since which <see cref="IsPresent"/> is false.</summary>
    public DateTime GoneAt { get; init; }

    /// <summary>Number of occurrences.</summary>
    public int Count { get; init; } = 1;

    /// <summary>The time of the last occurrence.</summary>
    public DateTime Last { get; init; } = First;

    /// <summary>The count in the API server; 0 before the first write.</summary>
    public int WrittenCount { get; init; }

    public DateTime WrittenAt { get; init; }

    /// <summary>The count of the write in flight; null when there is none.</summary>
    public int? Sent { get; init; }

    /// <summary>The time of the next write; null for never.</summary>
    public DateTime? Due { get; init; } = First;

    private bool IsWrittenOrSent => WrittenCount > 0 || Sent is not null;

    /// <summary>Updates the entry with the current state.</summary>
    /// <param name="isPresent">True if the problem exists now.</param>
    /// <param name="hasChanged">True if the owner has changed the object since the last update.</param>
    /// <param name="now">The current time.</param>
    /// <returns>Null when the entry is no longer needed.</returns>
    public EventEntry? Update(bool isPresent, bool hasChanged, DateTime now) => (IsPresent, isPresent) switch
    {
        (true, true) => hasChanged ? AddOccurrence(now, EventTimes.MinRepeatInterval) : this,
        (false, true) => (this with { IsPresent = true }).AddOccurrence(now, EventTimes.MinReturnInterval),
        (true, false) => SetGone(now),
        _ => Sent is null && now - GoneAt >= EventTimes.Retention ? null : this,
    };

    /// <summary>Counts an occurrence. It is written when the minimum interval since the last write has passed.</summary>
    public EventEntry AddOccurrence(DateTime now, TimeSpan minInterval)
    {
        if (!IsWrittenOrSent)
            return this; // part of the first write
        var earliest = WrittenAt + minInterval > now ? WrittenAt + minInterval : now;
        return this with { Count = Count + 1, Last = now, Due = Due < earliest ? Due : earliest };
    }

    /// <summary>Marks the problem as gone. Unwritten occurrences are still written; an entry that was never written is dropped.</summary>
    private EventEntry? SetGone(DateTime now) =>
        IsWrittenOrSent ? this with { IsPresent = false, GoneAt = now, Due = Count > (Sent ?? WrittenCount) ? Due : null } : null;

    /// <summary>Cancels occurrences that are not written yet and no longer true.</summary>
    public EventEntry? Withdraw() => IsWrittenOrSent ? this with { Count = Sent ?? WrittenCount, Due = null } : null;

    /// <summary>Begins a write. A write without a new occurrence keeps the Event from expiring and counts as an occurrence.</summary>
    public EventEntry BeginWrite(DateTime now) => WrittenCount == 0 || Count > WrittenCount
        ? this with { Sent = Count, Due = null }
        : this with { Count = Count + 1, Sent = Count + 1, Last = now, Due = null };

    /// <summary>Ends a write, successful or not.</summary>
    /// <param name="count">The count in the API server.</param>
    /// <param name="last">The time of the last occurrence in the API server.</param>
    /// <param name="now">The current time.</param>
    public EventEntry EndWrite(int count, DateTime last, DateTime now)
    {
        var writtenAt = last < now ? last : now; // another replica's clock may be ahead
        var seen = Count - (Sent ?? count) + count;
        var soon = writtenAt + EventTimes.MinReturnInterval;
        return this with
        {
            Count = seen,
            WrittenCount = count,
            WrittenAt = writtenAt,
            Sent = null,
            Due = seen > count ? (Due > soon ? Due : soon) : IsPresent && Topic != EventTopic.Resolved ? writtenAt + EventTimes.RefreshInterval : null,
        };
    }
}

/// <summary>The time constants of Events; docs/decisions/0016-events.md has the reasons.</summary>
internal static class EventTimes
{
    /// <summary>The interval of writes while a problem lasts. API servers delete Events one hour after the last write.</summary>
    public static readonly TimeSpan RefreshInterval = TimeSpan.FromMinutes(30);

    /// <summary>The minimum time between two writes for an object that changes and still has the problem.</summary>
    public static readonly TimeSpan MinRepeatInterval = TimeSpan.FromMinutes(1);

    /// <summary>The minimum time between two writes for a problem that disappears and returns.</summary>
    public static readonly TimeSpan MinReturnInterval = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The time that a problem which another object may resolve must last before it is reported. While a deployment starts, its Service has
    /// no endpoints, and a Warning that is resolved two seconds later helps no one.
    /// </summary>
    public static readonly TimeSpan ReportDelay = TimeSpan.FromSeconds(15);

    public static TimeSpan ReportDelayOf(DiagnosticCode code) => code
        is DiagnosticCode.ServiceWithoutEndpoints or DiagnosticCode.ServiceNotFound or DiagnosticCode.ServicePortNotFound
        or DiagnosticCode.TlsSecretNotFound or DiagnosticCode.PolicySecretNotFound or DiagnosticCode.PolicyConfigMapNotFound
        or DiagnosticCode.IngressClassNotFound or DiagnosticCode.SettingsNotFound
        ? ReportDelay : TimeSpan.Zero;

    /// <summary>The time that a problem which is gone still counts towards the maximum number of Events of its object.</summary>
    public static readonly TimeSpan Retention = TimeSpan.FromMinutes(10);
}
