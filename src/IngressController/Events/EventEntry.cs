using IngressController.Routing.Diagnostics;

namespace IngressController.Events;

/// <summary>What an Event says of its object.</summary>
internal enum EventTopic
{
    /// <summary>A diagnostic.</summary>
    Problem,

    /// <summary>That there are more diagnostics than an object gets Events for.</summary>
    MoreProblems,

    /// <summary>That there are none any more.</summary>
    Resolved,
}

/// <summary>How an Event gets to the API server.</summary>
internal enum EventVerb
{
    /// <summary>It should be new there.</summary>
    Create,

    /// <summary>A leader before this one has probably written it: it is only read, unless it is missing.</summary>
    Adopt,

    /// <summary>It is there; its series goes on.</summary>
    Repeat,
}

/// <summary>Which Event: the same problem of the same object is the same Event, whichever replica writes it and whenever.</summary>
internal readonly record struct EventKey(DiagnosticSubject Subject, string? Uid, EventTopic Topic, Diagnostic? Problem);

/// <summary>What is known of one Event: what has been seen, what of that has been written, and when the next write is due.</summary>
internal sealed record EventEntry(EventTopic Topic, Diagnostic? Problem, EventVerb FirstVerb, DateTime First)
{
    /// <summary>How many problems <see cref="EventTopic.MoreProblems"/> stands for, when it appeared.</summary>
    public int Hidden { get; init; }

    public bool IsPresent { get; init; } = true;

    /// <summary>Since when it is not <see cref="IsPresent"/>.</summary>
    public DateTime GoneAt { get; init; }

    /// <summary>How often it was seen.</summary>
    public int Count { get; init; } = 1;

    /// <summary>When it was seen last.</summary>
    public DateTime Last { get; init; } = First;

    /// <summary>The count the API server has; 0 means that it has not been told.</summary>
    public int WrittenCount { get; init; }

    public DateTime WrittenAt { get; init; }

    /// <summary>The count in the write that is under way; null when there is none.</summary>
    public int? Sent { get; init; }

    /// <summary>When the next write should be; null means never.</summary>
    public DateTime? Due { get; init; } = First;

    private bool IsTold => WrittenCount > 0 || Sent is not null;

    /// <summary>One moment later.</summary>
    /// <param name="isPresent">Whether it holds now.</param>
    /// <param name="hasChanged">Whether the owner has changed the object meanwhile.</param>
    /// <param name="now">Now.</param>
    /// <returns>Null when there is nothing to remember any more.</returns>
    public EventEntry? Next(bool isPresent, bool hasChanged, DateTime now) => (IsPresent, isPresent) switch
    {
        (true, true) => hasChanged ? Observe(now, EventTimes.RepeatGap) : this,
        (false, true) => (this with { IsPresent = true }).Observe(now, EventTimes.ReturnGap),
        (true, false) => Leave(now),
        _ => Sent is null && now - GoneAt >= EventTimes.Memory ? null : this,
    };

    /// <summary>It was seen once more; written as soon as the last write is long enough ago.</summary>
    public EventEntry Observe(DateTime now, TimeSpan gap)
    {
        if (!IsTold)
            return this; // the first write will tell
        var earliest = WrittenAt + gap > now ? WrittenAt + gap : now;
        return this with { Count = Count + 1, Last = now, Due = Due < earliest ? Due : earliest };
    }

    /// <summary>It holds no longer. What was seen and not yet written will be; what nobody was told is forgotten.</summary>
    private EventEntry? Leave(DateTime now) =>
        IsTold ? this with { IsPresent = false, GoneAt = now, Due = Count > (Sent ?? WrittenCount) ? Due : null } : null;

    /// <summary>What is not so any more before it was written: it will not be.</summary>
    public EventEntry? Withdraw() => IsTold ? this with { Count = Sent ?? WrittenCount, Due = null } : null;

    /// <summary>A write begins. One that tells nothing new keeps the Event from expiring, and counts as seen again.</summary>
    public EventEntry Send(DateTime now) => WrittenCount == 0 || Count > WrittenCount
        ? this with { Sent = Count, Due = null }
        : this with { Count = Count + 1, Sent = Count + 1, Last = now, Due = null };

    /// <summary>A write has ended, well or not.</summary>
    /// <param name="count">The count the API server has now.</param>
    /// <param name="last">When that was observed.</param>
    /// <param name="now">Now.</param>
    public EventEntry Settle(int count, DateTime last, DateTime now)
    {
        var writtenAt = last < now ? last : now; // another replica's clock may be ahead
        var seen = Count - (Sent ?? count) + count;
        var soon = writtenAt + EventTimes.ReturnGap;
        return this with
        {
            Count = seen,
            WrittenCount = count,
            WrittenAt = writtenAt,
            Sent = null,
            Due = seen > count ? (Due > soon ? Due : soon) : IsPresent && Topic != EventTopic.Resolved ? writtenAt + EventTimes.Refresh : null,
        };
    }
}

/// <summary>The times of Events; docs/decisions/0016-events.md has the reasons.</summary>
internal static class EventTimes
{
    /// <summary>While a problem lasts its Event is written again: API servers forget Events an hour after their last write.</summary>
    public static readonly TimeSpan Refresh = TimeSpan.FromMinutes(30);

    /// <summary>The shortest time between two writes because the object changed and is still wrong.</summary>
    public static readonly TimeSpan RepeatGap = TimeSpan.FromMinutes(1);

    /// <summary>The shortest time between two writes because a problem comes and goes.</summary>
    public static readonly TimeSpan ReturnGap = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long what another object may solve has to last before it is told: while a deployment starts its Service has no endpoints yet, and a
    /// Warning that is resolved two seconds later tells no one anything.
    /// </summary>
    public static readonly TimeSpan Hold = TimeSpan.FromSeconds(15);

    public static TimeSpan HoldOf(DiagnosticCode code) => code
        is DiagnosticCode.ServiceWithoutEndpoints or DiagnosticCode.ServiceNotFound or DiagnosticCode.ServicePortNotFound
        or DiagnosticCode.TlsSecretNotFound or DiagnosticCode.PolicySecretNotFound or DiagnosticCode.PolicyConfigMapNotFound
        or DiagnosticCode.IngressClassNotFound or DiagnosticCode.SettingsNotFound
        ? Hold : TimeSpan.Zero;

    /// <summary>How long a problem that is gone takes a place among the Events of its object.</summary>
    public static readonly TimeSpan Memory = TimeSpan.FromMinutes(10);
}
