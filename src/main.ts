import { mount } from "svelte";
import { connect } from "../workers/connect.ts";
import App from "./ui/App.svelte";
import "./ui/page.css";

mount(App, { target: document.body, props: { connect } });
