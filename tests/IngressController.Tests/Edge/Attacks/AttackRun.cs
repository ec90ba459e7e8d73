using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Security.Authentication;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Edge.Attacks;

/// <summary>What an attack did to a server.</summary>
/// <param name="Attack">The attack.</param>
/// <param name="Memory">The peak of the resident memory above that at the start, in MiB.</param>
/// <param name="P99">The time that 99 % of the second client's requests took less than, in milliseconds.</param>
/// <param name="Ended">The seconds after which connections of the attacker were ended, in order.</param>
/// <param name="Failures">The requests of the second client that failed.</param>
/// <param name="Requests">Their number in all.</param>
internal sealed record AttackResult(Attack Attack, double Memory, double P99, double[] Ended, IReadOnlyList<string> Failures, int Requests)
{
    /// <summary>A row of the table in docs/security.md.</summary>
    public string Row(string server) => string.Create(
        CultureInfo.InvariantCulture, $"| {Attack.Name} | {server} | {Memory:0} | {P99:0} | {Failures.Count} of {Requests} | {EndedText()} |");

    private string EndedText() =>
        Ended.Length == 0 ? "not ended"
        : Attack.IsRepeated ? string.Create(CultureInfo.InvariantCulture, $"after {Ended[Ended.Length / 2]:0.0} s")
        : string.Create(CultureInfo.InvariantCulture, $"{Ended.Length} of {Attack.Connections} after {Ended[0]:0} to {Ended[^1]:0} s");
}

/// <summary>Attacks a server for a time while a second client requests something.</summary>
internal sealed class AttackRun(AttackedServer server, Attack attack)
{
    private static readonly TimeSpan SampleInterval = TimeSpan.FromMilliseconds(50);

    private readonly ConcurrentQueue<double> _ended = [];

    public async Task<AttackResult> RunAsync(TimeSpan duration)
    {
        var start = server.Memory;
        var client = new SecondClient(server);
        double peak;
        await using (client)
        {
            using var over = new CancellationTokenSource(duration);
            var sampling = SampleAsync(over.Token);
            await Task.WhenAll(Enumerable.Range(0, attack.Connections).Select(connection => Task.Run(() => AttackAsync(connection, over.Token))));
            peak = await sampling;
        }

        return new AttackResult(attack, peak - start, client.P99, [.. _ended.Order()], client.Failures, client.Count);
    }

    private async Task<double> SampleAsync(CancellationToken over)
    {
        var peak = 0d;
        while (!over.IsCancellationRequested)
        {
            peak = Math.Max(peak, server.Memory);
            await Task.Delay(SampleInterval, CancellationToken.None);
        }

        return Math.Max(peak, server.Memory);
    }

    private async Task AttackAsync(int number, CancellationToken over)
    {
        do
        {
            var start = Stopwatch.GetTimestamp();
            try
            {
                await using var connection = await WireConnection.ConnectAsync(attack.PortOf(server), attack.Tls, Attack.AddressOf(number)).WaitAsync(over);
                start = Stopwatch.GetTimestamp();
                await attack.RunAsync(connection, over);
                _ended.Enqueue(Stopwatch.GetElapsedTime(start).TotalSeconds);
            }
            catch (Exception error) when (error is IOException or SocketException or AuthenticationException)
            {
                _ended.Enqueue(Stopwatch.GetElapsedTime(start).TotalSeconds);
                // Refused: an attacker that is not throttled would only measure itself.
                await Task.Delay(10, CancellationToken.None);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
        while (attack.IsRepeated && !over.IsCancellationRequested);
    }
}
