using System.Collections.Immutable;
using IngressController.Routing.Diagnostics;

namespace IngressController.Events;

/// <summary>The Events of one object. Immutable; an update without a change returns the same instance.</summary>
internal sealed record ObjectEvents(EventObject Object, ImmutableArray<EventEntry> Entries)
{
    /// <summary>
    /// The maximum number of problems of an object with an Event of their own, the most severe first. A problem that is gone counts for
    /// <see cref="EventTimes.Retention"/>, so this is also the maximum within that time.
    /// </summary>
    public const int MaxProblems = 10;

    /// <summary>Updates the Events of an object with its current problems.</summary>
    /// <param name="before">The Events before; null for none.</param>
    /// <param name="target">The current object.</param>
    /// <param name="problems">The current problems of the object.</param>
    /// <param name="firstVerb">The way to write new Events.</param>
    /// <param name="now">The current time.</param>
    /// <returns>Null when the object has no Events to write or to keep.</returns>
    public static ObjectEvents? Update(
        ObjectEvents? before, EventObject target, IReadOnlyList<Diagnostic> problems, EventVerb firstVerb, DateTime now)
    {
        if (before?.Object.Uid != target.Uid)
            before = null; // the object was deleted and recreated
        var known = before?.Entries ?? [];
        var hasChanged = before is not null && before.Object.Fingerprint != target.Fingerprint;
        var entries = new List<EventEntry>(known.Length + 1);
        foreach (var entry in known)
        {
            if (entry.Topic == EventTopic.Problem && entry.Update(problems.Contains(entry.Problem!), hasChanged, now) is { } kept)
                entries.Add(kept);
        }

        var hidden = AddNew(entries, problems, firstVerb, now);
        var more = known.FirstOrDefault(entry => entry.Topic == EventTopic.MoreProblems);
        if (more is not null)
            more = more.Update(hidden > 0, hasChanged, now);
        else if (hidden > 0)
            more = new EventEntry(EventTopic.MoreProblems, null, firstVerb, now) { Hidden = hidden };
        if (more is not null)
            entries.Add(more);
        if (UpdateResolved(known, hasProblems: problems.Count > 0, target, now) is { } resolved)
            entries.Add(resolved);

        if (entries.Count == 0)
            return null;
        return before is not null && before.Object == target && IsSame(known, entries)
            ? before : new ObjectEvents(target, [.. entries]);
    }

    private static bool IsSame(ImmutableArray<EventEntry> one, List<EventEntry> other) =>
        one.Length == other.Count && !one.Where((entry, index) => !ReferenceEquals(entry, other[index])).Any();

    /// <returns>The number of problems beyond the maximum.</returns>
    private static int AddNew(List<EventEntry> entries, IReadOnlyList<Diagnostic> problems, EventVerb verb, DateTime now)
    {
        var added = problems.Where(problem => !entries.Exists(entry => entry.Problem == problem)).ToArray();
        if (added.Length == 0)
            return 0;
        var free = Math.Max(0, MaxProblems - entries.Count);
        // A stable order: after a restart the same problems are chosen, so that their Events are found.
        entries.AddRange(added.OrderByDescending(problem => problem.Severity).ThenBy(problem => problem).Take(free)
            .Select(problem => new EventEntry(EventTopic.Problem, problem, verb, now) { Due = now + EventTimes.ReportDelayOf(problem.Code) }));
        return Math.Max(0, added.Length - free);
    }

    /// <summary>
    /// Updates the Event that reports that the last problem is resolved. The Events of the problems stay visible for an hour.
    /// </summary>
    private static EventEntry? UpdateResolved(ImmutableArray<EventEntry> known, bool hasProblems, EventObject target, DateTime now)
    {
        var resolved = known.FirstOrDefault(entry => entry.Topic == EventTopic.Resolved);
        if (hasProblems)
            return resolved?.Due is null ? resolved?.Update(isPresent: false, hasChanged: false, now) : resolved.Withdraw();
        var wasReported = known.Any(entry => entry is { Topic: not EventTopic.Resolved, IsPresent: true } and ({ WrittenCount: > 0 } or { Sent: not null }));
        if (!wasReported || !target.IsServed || target.Uid is null)
            return resolved?.Update(isPresent: false, hasChanged: false, now);
        return resolved is null
            ? new EventEntry(EventTopic.Resolved, null, EventVerb.Create, now) { IsPresent = false, GoneAt = now }
            : resolved.AddOccurrence(now, EventTimes.MinReturnInterval) with { GoneAt = now };
    }
}
