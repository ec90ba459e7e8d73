using System.Collections.Concurrent;

namespace IngressController.ClusterTests.Fixture;

/// <summary>Sends requests on several connections until it is stopped, and counts the answers.</summary>
internal sealed class Load : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<string, int> _answers = [];
    private readonly Task[] _connections;

    public Load(ProxyClient client, string url, int connections) =>
        _connections = [.. Enumerable.Range(0, connections).Select(_ => Task.Run(() => RunAsync(client, url)))];

    public async Task<IReadOnlyDictionary<string, int>> StopAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_connections);
        return _answers;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }

    private async Task RunAsync(ProxyClient client, string url)
    {
        while (!_stop.IsCancellationRequested)
        {
            string answer;
            try
            {
                answer = await client.AnswerAsync(url);
            }
            catch (HttpRequestException error)
            {
                answer = error.Message;
            }

            _answers.AddOrUpdate(answer, 1, static (_, count) => count + 1);
            // The servers under test share the processors, so the load is limited.
            await Task.Delay(2);
        }
    }
}
