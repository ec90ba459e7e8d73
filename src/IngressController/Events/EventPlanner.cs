using System.Collections.Immutable;
using IngressController.Routing.Diagnostics;

namespace IngressController.Events;

/// <summary>The diagnostics at one moment, and their objects.</summary>
internal sealed record EventObservation(IReadOnlyCollection<Diagnostic> Diagnostics, Func<DiagnosticSubject, EventObject> Find, DateTime Now);

/// <summary>The state of the Events of all objects, as this leader knows it.</summary>
internal sealed record EventState(ImmutableDictionary<DiagnosticSubject, ObjectEvents> Objects)
{
    /// <summary>The initial state of a new leader. Most of the Events that it plans first were written by the previous leader.</summary>
    public static EventState Initial { get; } = new(ImmutableDictionary<DiagnosticSubject, ObjectEvents>.Empty) { IsInitial = true };

    public bool IsInitial { get; init; }

    /// <summary>Applies the outcomes of writes. Outcomes of removed entries are ignored.</summary>
    public EventState EndWrites(IReadOnlyCollection<EventOutcome> outcomes, DateTime now)
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
                objects[key.Subject] = events with { Entries = events.Entries.Replace(entry, entry.EndWrite(outcome.Count, outcome.Last, now)) };
        }

        return this with { Objects = objects.ToImmutable() };
    }
}

/// <summary>A write of an Event.</summary>
/// <param name="Key">The identity of the Event.</param>
/// <param name="Object">The object that the Event is about.</param>
/// <param name="Verb">The way to write it.</param>
/// <param name="Entry">The state of the Event.</param>
internal sealed record EventWrite(EventKey Key, EventObject Object, EventVerb Verb, EventEntry Entry);

/// <summary>The outcome of a write.</summary>
/// <param name="Key">The identity of the Event.</param>
/// <param name="Count">The count in the API server; for a write that was given up, the count that it would have.</param>
/// <param name="Last">The time of the last occurrence in the API server.</param>
internal sealed record EventOutcome(EventKey Key, int Count, DateTime Last);

/// <param name="State">The new state.</param>
/// <param name="Writes">The writes, in order.</param>
/// <param name="Waiting">Number of further writes that are due and exceed the room; the next plan includes them.</param>
/// <param name="NextDue">The time of the next write if nothing changes before; null for never.</param>
internal sealed record EventPlan(EventState State, ImmutableArray<EventWrite> Writes, int Waiting, DateTime? NextDue);

/// <summary>
/// Plans the writes of Events from the current diagnostics and the Events written so far: diagnostics are level-triggered, Events are
/// edge-triggered. A pure function; its cost depends on the number of current and recent problems.
/// </summary>
internal static class EventPlanner
{
    /// <param name="state">The state before.</param>
    /// <param name="seen">The current diagnostics.</param>
    /// <param name="room">The maximum number of writes.</param>
    public static EventPlan Plan(EventState state, EventObservation seen, int room)
    {
        var objects = state.Objects.ToBuilder();
        var verb = state.IsInitial ? EventVerb.Adopt : EventVerb.Create;
        var problemsOf = seen.Diagnostics.GroupBy(diagnostic => diagnostic.Subject).ToDictionary(group => group.Key, group => group.ToArray());
        foreach (var (subject, problems) in problemsOf)
            Set(objects, subject, ObjectEvents.Update(objects.GetValueOrDefault(subject), seen.Find(subject), problems, verb, seen.Now));
        foreach (var (subject, before) in state.Objects)
        {
            if (!problemsOf.ContainsKey(subject))
                Set(objects, subject, WithoutProblems(before, seen.Find(subject), seen.Now));
        }

        var (due, nextDue) = FindDue(objects, seen.Now);
        var writes = due.Take(room).Select(write => BeginWrite(objects, write.Subject, write.Index, seen.Now)).ToImmutableArray();
        return new EventPlan(new EventState(objects.ToImmutable()), writes, due.Count - writes.Length, nextDue);
    }

    /// <summary>Returns null for a deleted object: no Events are written about it.</summary>
    private static ObjectEvents? WithoutProblems(ObjectEvents before, EventObject target, DateTime now) =>
        target.Uid == before.Object.Uid ? ObjectEvents.Update(before, target, [], EventVerb.Create, now) : null;

    private static void Set(ImmutableDictionary<DiagnosticSubject, ObjectEvents>.Builder objects, DiagnosticSubject subject, ObjectEvents? events)
    {
        if (events is null)
            objects.Remove(subject);
        else if (!ReferenceEquals(objects.GetValueOrDefault(subject), events))
            objects[subject] = events;
    }

    /// <summary>Returns the writes that are due: new Events first, then by the time since they are due.</summary>
    private static (List<DueWrite> Due, DateTime? NextDue) FindDue(IDictionary<DiagnosticSubject, ObjectEvents> objects, DateTime now)
    {
        var found = new List<DueWrite>();
        DateTime? next = null;
        foreach (var (subject, events) in objects)
        {
            for (var i = 0; i < events.Entries.Length; i++)
            {
                // One write per Event at a time, because the next one depends on its outcome.
                if (events.Entries[i] is not { Sent: null, Due: { } due } entry)
                    continue;
                if (due <= now)
                    found.Add(new DueWrite(subject, i, VerbOf(entry) == EventVerb.Create, due));
                else if (next is null || due < next)
                    next = due;
            }
        }

        found.Sort();
        return (found, next);
    }

    private static EventWrite BeginWrite(ImmutableDictionary<DiagnosticSubject, ObjectEvents>.Builder objects, DiagnosticSubject subject, int index, DateTime now)
    {
        var events = objects[subject];
        var verb = VerbOf(events.Entries[index]);
        var entry = events.Entries[index].BeginWrite(now);
        objects[subject] = events with { Entries = events.Entries.SetItem(index, entry) };
        return new EventWrite(new EventKey(subject, events.Object.Uid, entry.Topic, entry.Problem), events.Object, verb, entry);
    }

    private static EventVerb VerbOf(EventEntry entry) => entry.WrittenCount > 0 ? EventVerb.Repeat : entry.FirstVerb;

    private readonly record struct DueWrite(DiagnosticSubject Subject, int Index, bool IsNew, DateTime Due) : IComparable<DueWrite>
    {
        public int CompareTo(DueWrite other)
        {
            var order = other.IsNew.CompareTo(IsNew);
            order = order != 0 ? order : Due.CompareTo(other.Due);
            order = order != 0 ? order : string.CompareOrdinal(Subject.Kind, other.Subject.Kind);
            order = order != 0 ? order : Subject.Name.CompareTo(other.Subject.Name);
            return order != 0 ? order : Index.CompareTo(other.Index);
        }
    }
}
