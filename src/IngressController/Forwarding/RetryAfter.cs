using System.Globalization;

namespace IngressController.Forwarding;

/// <summary>The field Retry-After of a response (RFC 9110, 10.2.3).</summary>
internal static class RetryAfter
{
    /// <summary>The most that a request waits; a client that is told to wait longer decides itself.</summary>
    public static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(10);

    /// <summary>The time to wait; null if the field does not tell.</summary>
    public static TimeSpan? Read(string? value, TimeProvider time)
    {
        if (long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds))
            return seconds > int.MaxValue ? TimeSpan.MaxValue : TimeSpan.FromSeconds((int)seconds);
        if (!DateTimeOffset.TryParseExact(value, "r", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date))
            return null;
        var left = date - time.GetUtcNow();
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }
}
