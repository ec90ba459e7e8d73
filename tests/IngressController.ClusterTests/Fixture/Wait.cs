using System.Diagnostics;

namespace IngressController.ClusterTests.Fixture;

/// <summary>Waits for what another process does, which can only be asked for.</summary>
internal static class Wait
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    /// <param name="condition">Asked until it holds.</param>
    /// <param name="what">What is waited for, for the failure.</param>
    /// <param name="details">More for the failure.</param>
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
