using System.Collections.Immutable;
using IngressController.Cli;
using IngressController.Routing.Diagnostics;

namespace IngressController.Events;

/// <summary>What is wrong at one moment, and with which objects.</summary>
internal sealed record EventObservation(IReadOnlyCollection<Diagnostic> Diagnostics, Func<DiagnosticSubject, EventObject> Find, DateTime Now);

/// <summary>The Events of all objects, as this leader knows them.</summary>
internal sealed record EventLedger(ImmutableDictionary<DiagnosticSubject, ObjectEvents> Objects)
{
    /// <summary>What a new leader begins with: it knows nothing, and most of what it sees has been told by the one before.</summary>
    public static EventLedger Empty { get; } = new(ImmutableDictionary<DiagnosticSubject, ObjectEvents>.Empty) { IsNew = true };

    public bool IsNew { get; init; }

    /// <summary>Takes over how writes have ended. What nobody remembers any more is passed over.</summary>
    public EventLedger Settle(IReadOnlyCollection<EventOutcome> outcomes, DateTime now)
    {
        if (outcomes.Count == 0)
            return this;
        var objects = Objects.ToBuilder();
        foreach (var outcome in outcomes)
        {
            var key = outcome.Key;
            if (!objects.TryGetValue(key.Subject, out var events) || events.Object.Uid != key.Uid)
                continue;
            if (events.Entries.FirstOrDefault(entry => entry.Topic == key.Topic && entry.Problem == key.Problem) is { } entry)
                objects[key.Subject] = events with { Entries = events.Entries.Replace(entry, entry.Settle(outcome.Count, outcome.Last, now)) };
        }

        return this with { Objects = objects.ToImmutable() };
    }
}

/// <summary>One Event to be written.</summary>
/// <param name="Key">Which.</param>
/// <param name="Object">The object it is about.</param>
/// <param name="Verb">How.</param>
/// <param name="Entry">What it tells.</param>
internal sealed record EventWrite(EventKey Key, EventObject Object, EventVerb Verb, EventEntry Entry);

/// <summary>How a write has ended.</summary>
/// <param name="Key">Which Event.</param>
/// <param name="Count">The count the API server has; where it was given up, the one it should have.</param>
/// <param name="Last">When that was observed.</param>
internal sealed record EventOutcome(EventKey Key, int Count, DateTime Last);

/// <param name="Ledger">What is known now.</param>
/// <param name="Writes">What is to be written, in this order.</param>
/// <param name="Waiting">How many more should be written and found no room; they come again with the next plan.</param>
/// <param name="NextDue">When the next write is due, if nothing happens before; null for never.</param>
internal sealed record EventPlan(EventLedger Ledger, ImmutableArray<EventWrite> Writes, int Waiting, DateTime? NextDue);

/// <summary>
/// Diagnostics are a level, Events are edges: which Events are to be written follows from what is wrong now and what has been written.
/// Pure, and costs what is wrong or was lately.
/// </summary>
internal static class EventPlanner
{
    /// <param name="ledger">What was known before.</param>
    /// <param name="seen">What is wrong now.</param>
    /// <param name="room">How many writes may be planned.</param>
    public static EventPlan Plan(EventLedger ledger, EventObservation seen, int room)
    {
        var objects = ledger.Objects.ToBuilder();
        var verb = ledger.IsNew ? EventVerb.Adopt : EventVerb.Create;
        var wrong = seen.Diagnostics.GroupBy(diagnostic => diagnostic.Subject).ToDictionary(group => group.Key, group => group.ToArray());
        foreach (var (subject, problems) in wrong)
            Set(objects, subject, ObjectEvents.Follow(objects.GetValueOrDefault(subject), seen.Find(subject), problems, verb, seen.Now));
        foreach (var (subject, before) in ledger.Objects)
        {
            if (!wrong.ContainsKey(subject))
                Set(objects, subject, Leave(before, seen.Find(subject), seen.Now));
        }

        var (due, nextDue) = FindDue(objects, seen.Now);
        var writes = due.Take(room).Select(choice => Send(objects, choice.Subject, choice.Index, seen.Now)).ToImmutableArray();
        return new EventPlan(new EventLedger(objects.ToImmutable()), writes, due.Count - writes.Length, nextDue);
    }

    /// <summary>Nothing is said of an object that is gone: Events about it are of no use to anybody.</summary>
    private static ObjectEvents? Leave(ObjectEvents before, EventObject target, DateTime now) =>
        target.Uid == before.Object.Uid ? ObjectEvents.Follow(before, target, [], EventVerb.Create, now) : null;

    private static void Set(ImmutableDictionary<DiagnosticSubject, ObjectEvents>.Builder objects, DiagnosticSubject subject, ObjectEvents? events)
    {
        if (events is null)
            objects.Remove(subject);
        else if (!ReferenceEquals(objects.GetValueOrDefault(subject), events))
            objects[subject] = events;
    }

    /// <summary>What is due, news first, of that and of the rest the longest due.</summary>
    private static (List<Choice> Due, DateTime? NextDue) FindDue(IDictionary<DiagnosticSubject, ObjectEvents> objects, DateTime now)
    {
        var found = new List<Choice>();
        DateTime? next = null;
        foreach (var (subject, events) in objects)
        {
            for (var i = 0; i < events.Entries.Length; i++)
            {
                // One write of an Event at a time: the next builds on how it ended.
                if (events.Entries[i] is not { Sent: null, Due: { } due } entry)
                    continue;
                if (due <= now)
                    found.Add(new Choice(subject, i, VerbOf(entry) == EventVerb.Create, due));
                else if (next is null || due < next)
                    next = due;
            }
        }

        found.Sort();
        return (found, next);
    }

    private static EventWrite Send(ImmutableDictionary<DiagnosticSubject, ObjectEvents>.Builder objects, DiagnosticSubject subject, int index, DateTime now)
    {
        var events = objects[subject];
        var verb = VerbOf(events.Entries[index]);
        var entry = events.Entries[index].Send(now);
        objects[subject] = events with { Entries = events.Entries.SetItem(index, entry) };
        return new EventWrite(new EventKey(subject, events.Object.Uid, entry.Topic, entry.Problem), events.Object, verb, entry);
    }

    private static EventVerb VerbOf(EventEntry entry) => entry.WrittenCount > 0 ? EventVerb.Repeat : entry.FirstVerb;

    private readonly record struct Choice(DiagnosticSubject Subject, int Index, bool IsNews, DateTime Due) : IComparable<Choice>
    {
        public int CompareTo(Choice other)
        {
            var order = other.IsNews.CompareTo(IsNews);
            order = order != 0 ? order : Due.CompareTo(other.Due);
            order = order != 0 ? order : string.CompareOrdinal(Subject.Kind, other.Subject.Kind);
            order = order != 0 ? order : Subject.Name.CompareTo(other.Subject.Name);
            return order != 0 ? order : Index.CompareTo(other.Index);
        }
    }
}
