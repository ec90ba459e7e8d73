using System.Globalization;

namespace IngressController.Tests.Edge.Attacks;

/// <summary>A proxy in a process of its own, with one backend behind every host.</summary>
internal abstract class AttackedServer : IAsyncDisposable
{
    public const string Host = "edge.example";

    public abstract string Name { get; }

    public int HttpPort { get; protected set; }

    public int HttpsPort { get; protected set; }

    /// <summary>What it has written so far, for the message of a failure.</summary>
    public virtual string Log => "";

    protected abstract int ProcessId { get; }

    /// <summary>True while its process lives.</summary>
    public bool IsAlive => File.Exists($"/proc/{ProcessId}/status") && ResidentOf(ProcessId) > 0;

    /// <summary>The resident memory of the process and its children, in MiB.</summary>
    public double Memory => ResidentOf(ProcessId) + ChildrenOf(ProcessId).Sum(ResidentOf);

    public abstract ValueTask DisposeAsync();

    private static IEnumerable<int> ChildrenOf(int process)
    {
        var file = $"/proc/{process}/task/{process}/children";
        return File.Exists(file) ? File.ReadAllText(file).Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(id => int.Parse(id, CultureInfo.InvariantCulture)) : [];
    }

    private static double ResidentOf(int process)
    {
        try
        {
            var line = File.ReadLines($"/proc/{process}/status").FirstOrDefault(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
            return line is null ? 0 : double.Parse(line.Split(' ', '\t')[^2], CultureInfo.InvariantCulture) / 1024;
        }
        catch (IOException)
        {
            // It has ended meanwhile.
            return 0;
        }
    }
}
