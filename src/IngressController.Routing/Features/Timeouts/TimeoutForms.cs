using System.Globalization;
using IngressController.Routing.Annotations;

namespace IngressController.Routing.Features.Timeouts;

/// <summary>The forms of time limits.</summary>
internal static class TimeoutForms
{
    private static readonly TimeSpan Max = TimeSpan.FromMilliseconds(int.MaxValue);

    /// <summary>A time with a unit, which is more than 0.</summary>
    public static ValueForm<TimeSpan> Duration { get; } = ValueForms.Duration.Select<TimeSpan>(
        time => time > TimeSpan.Zero ? time : Refuse("is no time limit: remove the annotation for none"));

    /// <summary>A time of .NET. A number alone would be days there, which no one means.</summary>
    public static ValueForm<TimeSpan> ClockTime { get; } = new("a time as hh:mm:ss, at most 24 days", text =>
        !text.Contains(':', StringComparison.Ordinal) ? Refuse($"is not a time as hh:mm:ss{Suggestion(text)}")
        : !TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var time) ? Refuse("is not a time as hh:mm:ss, such as 00:00:30")
        : time > TimeSpan.Zero && time <= Max ? time
        : Refuse("is not more than 0 and at most 24 days"));

    private static Parsed<TimeSpan> Refuse(string problem) => ValueForm<TimeSpan>.Refuse(problem);

    private static string Suggestion(string text) =>
        ValueForms.Duration.Read(text) is { Problem: null, Value: { Ticks: > 0, Days: 0 } time } ? $"; write {time:c}" : ", such as 00:00:30";
}
