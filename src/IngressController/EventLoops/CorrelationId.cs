namespace IngressController.EventLoops;

/// <summary>Names of connections in logs: short, and different within a process and most likely between processes.</summary>
internal static class CorrelationId
{
    private static long s_last = DateTime.UtcNow.Ticks;

    public static string Next() => Interlocked.Increment(ref s_last).ToString("X13", System.Globalization.CultureInfo.InvariantCulture);
}
