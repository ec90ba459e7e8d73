using System.Globalization;
using IngressController.Routing.Annotations;

namespace IngressController.Routing.Features.Timeouts;

/// <summary>The forms of time limits.</summary>
internal static class TimeoutForms
{
    /// <summary>The most that nginx accepts, 24 days: its timers have milliseconds of 32 bits.</summary>
    private const int MaxSeconds = int.MaxValue / 1000;

    private const string NotSeconds = "is not a whole number of seconds without a unit";

    /// <summary>Seconds without a unit, as in ingress-nginx. It refuses <c>60s</c> silently; here the problem says what to write.</summary>
    public static ValueForm<TimeSpan> Seconds { get; } = new($"a whole number of seconds without a unit, from 1 to {MaxSeconds}", text =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seconds) ? Limited(seconds) : Refuse($"{NotSeconds}{Suggestion(text)}"));

    /// <summary>Seconds of a setting, which options could always give with a fraction.</summary>
    public static ValueForm<TimeSpan> FractionalSeconds { get; } = new("a number of seconds without a unit, such as 60 or 0.5", text =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds)
            ? seconds is >= 0.001 and <= MaxSeconds ? TimeSpan.FromSeconds(seconds) : Refuse($"is not from 0.001 to {MaxSeconds} seconds")
            : Refuse($"is not a number of seconds without a unit{Suggestion(text)}"));

    /// <summary>A time with a unit, which is more than 0.</summary>
    public static ValueForm<TimeSpan> Duration { get; } = ValueForms.Duration.Select<TimeSpan>(
        time => time > TimeSpan.Zero ? time : Refuse("is no time limit: remove the annotation for none"));

    /// <summary>A time of .NET. A number alone would be days there, which no one means.</summary>
    public static ValueForm<TimeSpan> ClockTime { get; } = new("a time as hh:mm:ss, at most 24 days", text =>
        !text.Contains(':', StringComparison.Ordinal) ? Refuse($"is not a time as hh:mm:ss{ClockSuggestion(text)}")
        : !TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var time) ? Refuse("is not a time as hh:mm:ss, such as 00:00:30")
        : time > TimeSpan.Zero && time.TotalSeconds <= MaxSeconds ? time
        : Refuse("is not more than 0 and at most 24 days"));

    private static Parsed<TimeSpan> Refuse(string problem) => ValueForm<TimeSpan>.Refuse(problem);

    private static Parsed<TimeSpan> Limited(long seconds) => seconds is >= 1 and <= MaxSeconds
        ? TimeSpan.FromSeconds((int)seconds)
        : Refuse(seconds == 0 ? "is no time limit that works: write a large number, such as 86400 for a day" : $"is not between 1 and {MaxSeconds}");

    /// <summary>The seconds that a time with a unit means; empty if it means none.</summary>
    private static string Suggestion(string text) =>
        ValueForms.Duration.Read(text.Replace(" ", "", StringComparison.Ordinal).ToLowerInvariant()) is { Problem: null, Value: { Ticks: > 0 } time }
            ? string.Create(CultureInfo.InvariantCulture, $"; write {Math.Ceiling(time.TotalSeconds):0}")
            : "; write 60 for 60 seconds";

    private static string ClockSuggestion(string text) =>
        ValueForms.Duration.Read(text) is { Problem: null, Value: { Ticks: > 0, Days: 0 } time } ? $"; write {time:c}" : ", such as 00:00:30";
}
