using System.Diagnostics;

namespace IngressController.ClusterTests.Fixture;

/// <summary>Waits for conditions in other processes by polling.</summary>
internal static class Wait
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    /// <param name="condition">Polled until it holds.</param>
    /// <param name="what">The condition in words, for the failure.</param>
    /// <param name="details">Details for the failure.</param>
    public static async Task UntilAsync(Func<Task<bool>> condition, string what, Func<string>? details = null)
    {
        var start = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(start) > Limit)
                Assert.Fail($"not within {Limit.TotalSeconds} s: {what}\n{details?.Invoke()}");
            await Task.Delay(5);
        }
    }
}
