using System.Collections.Immutable;
using IngressController.Routing.Diagnostics;

namespace IngressController.Events;

/// <summary>The Events of one object. Immutable; the same instance while nothing happens to them.</summary>
internal sealed record ObjectEvents(EventObject Object, ImmutableArray<EventEntry> Entries)
{
    /// <summary>
    /// How many problems of an object get an Event of their own, the worst first. A problem that is gone takes its place for
    /// <see cref="EventTimes.Memory"/>, so this is also the most in that time.
    /// </summary>
    public const int MaxProblems = 10;

    /// <param name="before">What was known before; null for nothing.</param>
    /// <param name="target">The object now.</param>
    /// <param name="problems">What is wrong with it now.</param>
    /// <param name="firstVerb">How Events that appear now are written.</param>
    /// <param name="now">Now.</param>
    /// <returns>Null when there is nothing to say and to remember.</returns>
    public static ObjectEvents? Follow(
        ObjectEvents? before, EventObject target, IReadOnlyList<Diagnostic> problems, EventVerb firstVerb, DateTime now)
    {
        if (before?.Object.Uid != target.Uid)
            before = null; // another object of that name
        var known = before?.Entries ?? [];
        var hasChanged = before is not null && before.Object.Edition != target.Edition;
        var entries = new List<EventEntry>(known.Length + 1);
        foreach (var entry in known)
        {
            if (entry.Topic == EventTopic.Problem && entry.Next(problems.Contains(entry.Problem!), hasChanged, now) is { } kept)
                entries.Add(kept);
        }

        var hidden = AddNew(entries, problems, firstVerb, now);
        var more = known.FirstOrDefault(entry => entry.Topic == EventTopic.MoreProblems);
        if (more is not null)
            more = more.Next(hidden > 0, hasChanged, now);
        else if (hidden > 0)
            more = new EventEntry(EventTopic.MoreProblems, null, firstVerb, now) { Hidden = hidden };
        if (more is not null)
            entries.Add(more);
        if (Resolve(known, isWrong: problems.Count > 0, target, now) is { } resolved)
            entries.Add(resolved);

        if (entries.Count == 0)
            return null;
        return before is not null && before.Object == target && IsSame(known, entries)
            ? before : new ObjectEvents(target, [.. entries]);
    }

    private static bool IsSame(ImmutableArray<EventEntry> one, List<EventEntry> other) =>
        one.Length == other.Count && !one.Where((entry, index) => !ReferenceEquals(entry, other[index])).Any();

    /// <returns>How many found no place.</returns>
    private static int AddNew(List<EventEntry> entries, IReadOnlyList<Diagnostic> problems, EventVerb verb, DateTime now)
    {
        var added = problems.Where(problem => !entries.Exists(entry => entry.Problem == problem)).ToArray();
        if (added.Length == 0)
            return 0;
        var free = Math.Max(0, MaxProblems - entries.Count);
        // A stable order: after a restart the same ones are chosen, and found.
        entries.AddRange(added.OrderByDescending(problem => problem.Severity).ThenBy(problem => problem).Take(free)
            .Select(problem => new EventEntry(EventTopic.Problem, problem, verb, now) { Due = now + EventTimes.HoldOf(problem.Code) }));
        return Math.Max(0, added.Length - free);
    }

    /// <summary>One Event says that the last problem is gone: those about it stay for an hour, and nobody would know.</summary>
    private static EventEntry? Resolve(ImmutableArray<EventEntry> known, bool isWrong, EventObject target, DateTime now)
    {
        var resolved = known.FirstOrDefault(entry => entry.Topic == EventTopic.Resolved);
        if (isWrong)
            return resolved?.Due is null ? resolved?.Next(isPresent: false, hasChanged: false, now) : resolved.Withdraw();
        var wasTold = known.Any(entry => entry is { Topic: not EventTopic.Resolved, IsPresent: true } and ({ WrittenCount: > 0 } or { Sent: not null }));
        if (!wasTold || !target.IsServed || target.Uid is null)
            return resolved?.Next(isPresent: false, hasChanged: false, now);
        return resolved is null
            ? new EventEntry(EventTopic.Resolved, null, EventVerb.Create, now) { IsPresent = false, GoneAt = now }
            : resolved.Observe(now, EventTimes.ReturnGap) with { GoneAt = now };
    }
}
