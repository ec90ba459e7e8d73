using System.Diagnostics;
using System.Runtime.InteropServices;

namespace IngressController.ClusterTests.Fixture;

/// <summary>A process of a test. It is killed by its id when it is disposed, or at the end of the test run.</summary>
internal sealed partial class ChildProcess : IDisposable
{
    private const int SigTerm = 15;
    private const int SigCont = 18;
    private const int SigStop = 19;

    private readonly Process _process;
    private readonly Lock _lock = new();
    private readonly List<string> _lines = [];
    private TaskCompletionSource _nextLine = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ChildProcess(Process process)
    {
        _process = process;
        AppDomain.CurrentDomain.ProcessExit += Kill;
    }

    /// <summary>The text of both outputs.</summary>
    public string Output
    {
        get
        {
            lock (_lock)
                return string.Join('\n', _lines);
        }
    }

    /// <summary>The last lines of both outputs, which usually have the reason why a process ended.</summary>
    public string LastOutput
    {
        get
        {
            lock (_lock)
                return string.Join('\n', _lines.TakeLast(12));
        }
    }

    public bool HasExited => _process.HasExited;

    /// <summary>Starts the controller that is built with the tests, or the published one in <c>INGRESS_CONTROLLER</c>.</summary>
    public static ChildProcess StartController(IEnumerable<string> arguments, params (string Name, string Value)[] environment) =>
        Environment.GetEnvironmentVariable("INGRESS_CONTROLLER") is { Length: > 0 } published
            ? Start(published, arguments, environment)
            : Start("dotnet", [Path.Combine(AppContext.BaseDirectory, "ingress-controller.dll"), .. arguments], environment);

    public static ChildProcess Start(string program, IEnumerable<string> arguments, params (string Name, string Value)[] environment)
    {
        var process = new Process
        {
            StartInfo = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true },
        };
        foreach (var (name, value) in environment)
            process.StartInfo.Environment[name] = value;
        var child = new ChildProcess(process);
        process.OutputDataReceived += (_, line) => child.Append(line.Data);
        process.ErrorDataReceived += (_, line) => child.Append(line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return child;
    }

    /// <summary>Completes when the output contains the text.</summary>
    public async Task UntilOutputAsync(string text, TimeSpan limit)
    {
        using var timer = new CancellationTokenSource(limit);
        while (true)
        {
            Task next;
            lock (_lock)
            {
                if (_lines.Exists(line => line.Contains(text, StringComparison.Ordinal)))
                    return;
                next = _nextLine.Task;
            }

            try
            {
                await next.WaitAsync(timer.Token);
            }
            catch (OperationCanceledException)
            {
                Assert.Fail($"\"{text}\" was not written within {limit.TotalSeconds} s:\n{Output}");
            }
        }
    }

    /// <summary>SIGTERM.</summary>
    public void Terminate() => Assert.Equal(0, SendSignal(_process.Id, SigTerm));

    /// <summary>SIGSTOP: the process does not run until it is resumed; its connections stay.</summary>
    public void Suspend() => Assert.Equal(0, SendSignal(_process.Id, SigStop));

    /// <summary>SIGCONT.</summary>
    public void Resume() => Assert.Equal(0, SendSignal(_process.Id, SigCont));

    /// <summary>SIGKILL.</summary>
    public void Kill()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.WaitForExit();
    }

    /// <returns>The exit code.</returns>
    public async Task<int> WaitForExitAsync(TimeSpan limit)
    {
        using var timer = new CancellationTokenSource(limit);
        await _process.WaitForExitAsync(timer.Token);
        return _process.ExitCode;
    }

    public void Dispose()
    {
        AppDomain.CurrentDomain.ProcessExit -= Kill;
        Kill();
        _process.Dispose();
    }

    private void Kill(object? sender, EventArgs end) => Kill();

    private void Append(string? line)
    {
        if (line is null)
            return;
        lock (_lock)
        {
            _lines.Add(line);
            _nextLine.TrySetResult();
            _nextLine = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SendSignal(int process, int signal);
}
