namespace IngressController.Listeners;

/// <summary>
/// Lets the threads that wait for sockets run what follows, in place of handing it to the thread pool. A hand-over takes two switches of
/// threads, which are a third of what a request costs. .NET reads the setting once, at the first use of a socket, and for the whole process.
/// </summary>
internal static class InlineScheduling
{
    private const string Variable = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";

    /// <summary>Applies it, unless the environment decides. Before the first socket is opened.</summary>
    public static void Apply(bool isOn)
    {
        if (Environment.GetEnvironmentVariable(Variable) is null)
            Environment.SetEnvironmentVariable(Variable, isOn ? "1" : "0");
    }
}
